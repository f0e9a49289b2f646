"""Documents in and out as frames."""

from .read import Reading
from .write import Written, write_frame

__all__ = ["Reading", "Written", "write_frame"]
