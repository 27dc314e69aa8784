//! The control address of a simulator: plain HTTP on loopback, and nothing else.

use std::str::FromStr;

use super::is_loopback;

/// `http://127.0.0.1:port`, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlUrl(String);

impl ControlUrl {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is no control address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not http on loopback")]
pub struct ControlUrlError;

impl FromStr for ControlUrl {
    type Err = ControlUrlError;

    fn from_str(text: &str) -> Result<Self, ControlUrlError> {
        let text = text.strip_suffix('/').unwrap_or(text);
        match text.strip_prefix("http://") {
            Some(authority) if is_loopback(authority) && !authority.contains(['/', '@', '?']) => {
                Ok(ControlUrl(text.to_owned()))
            }
            _ => Err(ControlUrlError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_controlled() {
        for good in ["http://127.0.0.1:9000", "http://localhost:9000/"] {
            assert!(good.parse::<ControlUrl>().is_ok(), "{good}");
        }
        for bad in [
            "https://127.0.0.1:9000",
            "http://10.0.0.1:9000",
            "http://127.0.0.1:9000/x",
            "http://user@127.0.0.1:9000",
            "",
        ] {
            assert!(bad.parse::<ControlUrl>().is_err(), "{bad}");
        }
    }
}
