import { LRUCache } from 'lru-cache';
import { ArgonError, isArgonError } from '../errors';
import { ImageFile } from '../image/file';
import { imagePath } from '../image/images';
import type { Page } from '../image/page';
import type { PageSource } from '../image/pages';
import type { StoredImage } from '../image/stored';
import { IMAGE_DIRECTORIES_BYTES_MAX, IMAGE_FILES_OPEN_MAX } from '../limits';

/** The image files that a worker reads, open as long as there is work. A damaged one is named in the error: `data.image`. */
export class WorkerFiles implements PageSource {
  private readonly open = new LRUCache<number, ImageFile>({
    max: IMAGE_FILES_OPEN_MAX,
    maxSize: IMAGE_DIRECTORIES_BYTES_MAX,
    // A single huge directory must not refuse its file.
    sizeCalculation: file => Math.min(file.memoryBytes, IMAGE_DIRECTORIES_BYTES_MAX / 2),
    dispose: file => file.close()
  });

  constructor(private readonly directory: string) {}

  file(image: StoredImage): ImageFile {
    let file = this.open.get(image.file);
    if (file === undefined) {
      file = named(image, () => ImageFile.open(imagePath(this.directory, image.file), image.kind));
      this.open.set(image.file, file);
    }
    return file;
  }

  page(image: StoredImage, number: number, buffer?: Buffer): Page {
    const file = this.file(image);
    return named(image, () => file.page(number, buffer));
  }

  /** Files that are removed meanwhile take no room on the disk for longer than the work lasts. */
  close(): void {
    this.open.clear();
  }
}

function named<T>(image: StoredImage, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isArgonError(error, 'DATA_CORRUPT')) {
      throw new ArgonError(error.code, error.message, { data: { image: image.file }, cause: error });
    }
    throw error;
  }
}
