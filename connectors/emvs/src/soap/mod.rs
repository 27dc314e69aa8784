//! The SOAP dialect: process numbers, `NMVS_` codes, interface versions 4 and 5 (emvs.md 3.1, 3.2, 3.4).
//!
//! [`process`] is the table of process numbers, [`code`] that of return codes, [`request`] reads an envelope and [`response`]
//! writes one. Credentials in the message are handed on unread; who they belong to is the stores' business.

pub mod code;
pub mod process;
pub mod request;
pub mod response;

pub use process::{Form, Process};
pub use request::{Header, Ping, Secret, SoapBody, SoapCall, SoapRefused, SoapRequest, read};
pub use response::{ItemAnswer, PackAnswer, Responder};

#[cfg(test)]
mod tests;
