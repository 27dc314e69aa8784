//! The exit statuses of commands that scripts build on (`translate`, `upload`, `tenant`, `user`); `--help` lists them.

/// It was done, and something was not carried or left out.
pub(super) const NOT_ALL: u8 = 1;
/// Wrong use of the command line; clap ends with the same.
pub(super) const WRONG_USE: u8 = 2;
/// What was handed in is refused; nothing was changed.
pub(super) const REFUSED: u8 = 3;
/// Reading, writing or the connection failed.
pub(super) const FAILED: u8 = 4;
