"""Images of containers, made without container engine and without registry.

The parts are Debian packages, programs that were built before, and files of this package. Every image has
a few layers, and images of one kind share them byte for byte, so that a container runtime keeps each layer
once.
"""

from faultcast.infra.images.archive import ImageArchive
from faultcast.infra.images.build import build_images

__all__ = ["ImageArchive", "build_images"]
