//! Real pushes through real sshd, git, daemontools and nginx.

mod deploying;
mod host;
mod scratch;
mod shop;
