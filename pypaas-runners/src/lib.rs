//! How code is built and run on a pypaas host.
