"""Sound at rest: spooled RTP to stereo FLAC blobs, uploaded prompts to pre-encoded G.711."""

from __future__ import annotations

import os

# numpy's BLAS would keep a thread for each core spinning beside the calls; nothing here multiplies matrices.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
