//! How letters leave: a mail server, or a folder that stands in for one. Without both, no letters are written.

use std::path::PathBuf;
use std::str::FromStr;

use packtwin_transport::mail::MailTls;

use super::is_loopback;
use super::source::Source;

/// How letters leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailRules {
    /// The address that letters come from.
    pub sender: String,
    /// Where they are handed in.
    pub way: MailWay,
}

/// Where letters are handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailWay {
    /// A mail server.
    Server {
        /// Host, port, protection.
        address: MailAddress,
        /// The user's name, where the server asks for one.
        user: Option<String>,
        /// The file that holds the password.
        password_file: Option<PathBuf>,
    },
    /// A folder into which each letter is written as a file.
    Folder(PathBuf),
}

/// `smtps://host[:465]`, `smtp://host[:587]` with STARTTLS insisted on, or `smtp-clear://127.0.0.1:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAddress {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How the line is protected.
    pub tls: MailTls,
}

/// The text is no address of a mail server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no address of a mail server")]
pub struct MailAddressError;

impl FromStr for MailAddress {
    type Err = MailAddressError;

    fn from_str(text: &str) -> Result<Self, MailAddressError> {
        let (scheme, authority) = text.split_once("://").ok_or(MailAddressError)?;
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let (tls, usual) = match scheme {
            "smtps" => (MailTls::FromTheStart, 465),
            "smtp" => (MailTls::StartTls, 587),
            "smtp-clear" if is_loopback(authority) => (MailTls::None, 25),
            _ => return Err(MailAddressError),
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| MailAddressError)?),
            None => (authority, usual),
        };
        let is_name = |sign: char| sign.is_ascii_alphanumeric() || ".-".contains(sign);
        if host.is_empty() || !host.chars().all(is_name) {
            return Err(MailAddressError);
        }
        Ok(MailAddress {
            host: host.to_owned(),
            port,
            tls,
        })
    }
}

/// Reads what is set; faults go to the source.
pub(super) fn read(source: &mut Source) -> Option<MailRules> {
    const FILE: &str = "write a path";
    let sender: Option<String> = source.optional("mail.sender", "write a mail address");
    let address: Option<MailAddress> = source.optional(
        "mail.server",
        "write smtps://host:465 or smtp://host:587; smtp-clear:// is for this machine",
    );
    let user: Option<String> = source.optional("mail.user", "write a name");
    let password_file: Option<PathBuf> = source.optional("mail.password_file", FILE);
    let folder: Option<PathBuf> = source.optional("mail.folder", FILE);
    let way = match (address, folder) {
        (Some(_), Some(_)) => {
            let what = "stands beside mail.server";
            source.fault("mail.folder", what, "leave one of them out");
            return None;
        }
        (Some(address), None) => MailWay::Server {
            address,
            user,
            password_file,
        },
        (None, Some(folder)) => MailWay::Folder(folder),
        (None, None) => return None,
    };
    if sender.is_none() {
        source.fault("mail.sender", "is missing", "write a mail address");
    }
    Some(MailRules {
        sender: sender?,
        way,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_in_clear_is_named_and_stays_here() {
        let read = |text: &str| {
            text.parse::<MailAddress>()
                .ok()
                .map(|read| (read.host, read.port, read.tls))
        };
        let host = || "mail.alder.example".to_owned();
        assert_eq!(
            read("smtps://mail.alder.example"),
            Some((host(), 465, MailTls::FromTheStart))
        );
        assert_eq!(
            read("smtp://mail.alder.example:2587"),
            Some((host(), 2587, MailTls::StartTls))
        );
        assert_eq!(
            read("smtp-clear://127.0.0.1:2525"),
            Some(("127.0.0.1".to_owned(), 2525, MailTls::None))
        );
        for bad in [
            "smtp-clear://mail.alder.example",
            "mail.alder.example",
            "http://mail.alder.example",
            "smtps://user@host",
            "smtps://host:99999",
            "smtps://",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
