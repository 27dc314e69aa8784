//! Letters out: to a mail server by SMTP over TLS, or into a folder that stands in for one.
//!
//! Knows no words: a letter comes with subject and text and leaves as plain text in UTF-8. What comes from outside is data
//! in a header or a body, never a header of its own; the library encodes it. A letter bears its id as Message-ID, so that
//! one that was sent twice, because an answer was lost, can be known. Does not retry and does not queue; see the outbox.

use std::path::PathBuf;
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{Address, SmtpTransport, Transport};

/// How long the mail server may take for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// A letter ready to leave.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// Its id, unique on this site.
    pub id: &'a str,
    /// The address it goes to.
    pub recipient: &'a str,
    /// One line.
    pub subject: &'a str,
    /// Plain text.
    pub text: &'a str,
}

/// Why a letter did not leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailFault {
    /// It will never leave as it is: no address, or the server refused it for good.
    #[error("the letter was refused: {why}")]
    Refused {
        /// In a sentence.
        why: String,
    },
    /// It may leave later.
    #[error("the mail server was not reached, or asked for patience: {why}")]
    Later {
        /// In a sentence.
        why: String,
    },
}

/// How the line to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// TLS from the first byte (port 465, RFC 8314).
    FromTheStart,
    /// Asked for after a greeting in clear, and insisted on (port 587, RFC 3207).
    StartTls,
    /// None. Only on loopback.
    None,
}

/// A mail server.
#[derive(Clone)]
pub struct MailServer {
    /// Its host name, to which its certificate must belong.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the line is protected.
    pub tls: MailTls,
    /// User and password, where it asks for them.
    pub credentials: Option<(String, String)>,
    /// The authorities trusted, PEM; usually the system's bundle.
    pub trusted_pem: String,
}

/// Prints no password.
impl std::fmt::Debug for MailServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailServer")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

/// Where letters are handed in.
pub struct PostOffice {
    sender: Mailbox,
    way: Way,
}

enum Way {
    Server(Box<SmtpTransport>),
    Folder(PathBuf),
}

/// Prints no password.
impl std::fmt::Debug for PostOffice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let way = match &self.way {
            Way::Server(_) => "server",
            Way::Folder(_) => "folder",
        };
        f.debug_struct("PostOffice")
            .field("sender", &self.sender)
            .field("way", &way)
            .finish()
    }
}

impl PostOffice {
    /// Hands letters to a mail server. Nothing is sent yet.
    ///
    /// # Errors
    /// [`MailFault::Refused`]: the sender is no address, the authorities are no certificates, or the line would be in clear
    /// beyond this machine.
    pub fn server(sender: &str, server: &MailServer) -> Result<Self, MailFault> {
        let is_here = matches!(server.host.as_str(), "127.0.0.1" | "::1" | "localhost");
        let tls = match server.tls {
            MailTls::None if is_here => Tls::None,
            MailTls::None => {
                return Err(refused("a line in clear is allowed on this machine only"));
            }
            MailTls::FromTheStart => Tls::Wrapper(tls_of(server)?),
            MailTls::StartTls => Tls::Required(tls_of(server)?),
        };
        let mut builder = SmtpTransport::builder_dangerous(&server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(ANSWER_WITHIN));
        if let Some((user, password)) = server.credentials.clone() {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(PostOffice {
            sender: mailbox(sender)?,
            way: Way::Server(Box::new(builder.build())),
        })
    }

    /// Writes letters into a folder, one file each, instead of sending them: for a site without a mail server and for tests.
    ///
    /// # Errors
    /// [`MailFault::Refused`]: the sender is no address.
    pub fn folder(sender: &str, folder: PathBuf) -> Result<Self, MailFault> {
        Ok(PostOffice {
            sender: mailbox(sender)?,
            way: Way::Folder(folder),
        })
    }

    /// Hands one letter in.
    ///
    /// # Errors
    /// See [`MailFault`].
    pub fn send(&self, letter: &Letter<'_>) -> Result<(), MailFault> {
        let domain = self.sender.email.domain();
        let message = Message::builder()
            .from(self.sender.clone())
            .to(mailbox(letter.recipient)?)
            .subject(one_line(letter.subject))
            .message_id(Some(format!("<{}@{domain}>", letter.id)))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.to_owned())
            .map_err(|error| refused(&error.to_string()))?;
        match &self.way {
            Way::Server(server) => server.send(&message).map(|_| ()).map_err(|error| {
                let why = error.to_string();
                match error.is_permanent() {
                    true => MailFault::Refused { why },
                    false => MailFault::Later { why },
                }
            }),
            Way::Folder(folder) => {
                let later = |error: std::io::Error| MailFault::Later {
                    why: error.to_string(),
                };
                std::fs::create_dir_all(folder).map_err(later)?;
                let (made, whole) = (
                    folder.join(format!("{}.tmp", letter.id)),
                    folder.join(format!("{}.eml", letter.id)),
                );
                std::fs::write(&made, message.formatted()).map_err(later)?;
                std::fs::rename(made, whole).map_err(later)
            }
        }
    }
}

fn tls_of(server: &MailServer) -> Result<TlsParameters, MailFault> {
    let authorities = Certificate::from_pem(server.trusted_pem.as_bytes())
        .map_err(|error| refused(&error.to_string()))?;
    TlsParameters::builder(server.host.clone())
        .certificate_store(CertificateStore::None)
        .add_root_certificate(authorities)
        .build_rustls()
        .map_err(|error| refused(&error.to_string()))
}

fn mailbox(address: &str) -> Result<Mailbox, MailFault> {
    address
        .parse::<Address>()
        .map(|email| Mailbox::new(None, email))
        .map_err(|_| refused("what it is addressed to is no mail address"))
}

/// Subjects are one line, whatever they were filled with.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn refused(why: &str) -> MailFault {
    MailFault::Refused {
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(letter: &Letter<'_>) -> Result<String, MailFault> {
        let folder = tempfile::tempdir().expect("a test may write");
        let office = PostOffice::folder("packtwin@alder.example", folder.path().to_owned())?;
        office.send(letter)?;
        office.send(letter)?;
        let mut files = std::fs::read_dir(folder.path()).expect("the folder is there");
        let only = files.next().expect("one letter").expect("is readable");
        assert!(files.next().is_none(), "sent twice, it is one letter");
        Ok(std::fs::read_to_string(only.path()).expect("is text"))
    }

    fn letter() -> Letter<'static> {
        Letter {
            id: "ltr_1",
            recipient: "quality@alder.example",
            subject: "Prüfung",
            text: "Für Sie.\r\n",
        }
    }

    #[test]
    fn a_letter_bears_its_id_and_its_words() {
        let text = written(&letter()).expect("is sent");
        for line in [
            "Message-ID: <ltr_1@alder.example>",
            "To: quality@alder.example",
            "From: packtwin@alder.example",
            "Content-Type: text/plain; charset=utf-8",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }

    #[test]
    fn no_header_comes_from_outside() {
        let subject = "Lot\r\nBcc: all@elder.example";
        let text = written(&Letter {
            subject,
            ..letter()
        })
        .expect("is sent");
        assert!(!text.contains("\nBcc:"), "{text}");
        for recipient in ["a@b.example\r\nBcc: c@d.example", "no address", ""] {
            let said = written(&Letter {
                recipient,
                ..letter()
            });
            assert!(
                matches!(said, Err(MailFault::Refused { .. })),
                "{recipient}: {said:?}"
            );
        }
    }

    #[test]
    fn a_line_in_clear_stays_on_this_machine() {
        let server = |host: &str| MailServer {
            host: host.to_owned(),
            port: 25,
            tls: MailTls::None,
            credentials: None,
            trusted_pem: String::new(),
        };
        let open = |host: &str| PostOffice::server("packtwin@alder.example", &server(host));
        assert!(open("mail.alder.example").is_err());
        assert!(open("127.0.0.1").is_ok());
        let nobody = MailServer {
            port: 1,
            ..server("127.0.0.1")
        };
        let office = PostOffice::server("packtwin@alder.example", &nobody).expect("is set up");
        assert!(matches!(
            office.send(&letter()),
            Err(MailFault::Later { .. })
        ));
    }
}
