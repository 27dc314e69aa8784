//! Bits that nobody can guess, from the operating system's generator.

use crate::error::StoreError;

/// Fills `bytes` with secure random bits.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), StoreError> {
    getrandom::fill(bytes).map_err(|error| StoreError::File(std::io::Error::other(error)))
}

/// 128 random bits for a public identifier.
pub fn bits() -> Result<u128, StoreError> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    Ok(u128::from_be_bytes(bytes))
}
