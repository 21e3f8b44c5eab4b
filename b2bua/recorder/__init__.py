"""Sound at rest: spooled RTP to stereo FLAC blobs, uploaded prompts to pre-encoded G.711."""
