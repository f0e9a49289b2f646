"""Makes a screenshot small enough for the repository: `smaller_png.py FILE`."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH_MAX = 1440
# The colours of grounds and texts stay what they are; of the others, also those of a few pixels have one like them.
EXACT = 48
OTHERS = 48


def with_palette(image: Image.Image) -> Image.Image:
    """The picture with as few colours as it needs."""
    pixels = np.asarray(image).reshape(-1, 3)
    colours, place, counts = np.unique(pixels, axis=0, return_inverse=True, return_counts=True)
    common = colours[np.argsort(counts)[::-1][:EXACT]]
    covering = image.quantize(OTHERS, method=Image.Quantize.MAXCOVERAGE).getpalette() or []
    palette = np.concatenate([common, np.array(covering[: 3 * OTHERS], np.uint8).reshape(-1, 3)])
    far = np.square(colours[:, None].astype(np.int32) - palette[None].astype(np.int32)).sum(axis=2)
    chosen = far.argmin(axis=1).astype(np.uint8)[place.reshape(-1)]
    made = Image.fromarray(chosen.reshape(image.height, image.width), "P")
    made.putpalette(palette.astype(np.uint8).tobytes())
    return made


picture = Path(sys.argv[1])
with Image.open(picture) as taken:
    shown = taken.convert("RGB")
if shown.width > WIDTH_MAX:
    size = (WIDTH_MAX, round(shown.height * WIDTH_MAX / shown.width))
    shown = shown.resize(size, Image.Resampling.LANCZOS)
with_palette(shown).save(picture, optimize=True)
