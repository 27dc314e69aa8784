//! The certificate of a verifying site: issued, downloaded, active, renewed, never handed over (emvs.md 6.2).
//!
//! One certificate per premises. It is valid for 24 months from its **first download** and not before; three downloads;
//! an attempt with a wrong name or PIN neither counts nor blocks; renewable from three months before its end, without loss
//! of time. Who may have one, keys and files are the stores' and the use cases' business.

use chrono::{DateTime, Months};

use crate::time::Timestamp;

/// Months of validity from the first download.
const VALID_MONTHS: u32 = 24;
/// Months before its end from which it can be renewed.
const RENEWABLE_MONTHS: u32 = 3;
/// Downloads of one certificate.
pub const DOWNLOADS_MAX: u32 = 3;
/// Days before the end on which the site is reminded by mail. The days are ours; only that there are reminders is public.
pub const REMINDER_DAYS: [i64; 3] = [90, 30, 7];

/// A certificate as far as its rules go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SiteCertificate {
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Successful downloads.
    pub downloads: u32,
    /// From when and until when it is valid, once it was downloaded.
    pub validity: Option<Validity>,
    /// For a renewal: the end of the one before, at which this one begins.
    pub continues_at: Option<Timestamp>,
    /// When it was revoked or its site given up.
    pub revoked_at: Option<Timestamp>,
}

/// A span of validity; the end is no longer in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// First instant.
    pub from: Timestamp,
    /// First instant after it.
    pub until: Timestamp,
}

/// What the person typed, compared with what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credentials {
    /// Name and PIN are right.
    Right,
    /// One of them is not.
    Wrong,
}

/// Why a certificate is not handed out or prolonged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateRefused {
    /// Not counted, not blocked; look-alike characters may be tried out.
    #[error("name or PIN is wrong; the attempt does not count")]
    WrongCredentials,
    /// Three downloads were made.
    #[error("the certificate was downloaded three times; order a new one")]
    DownloadsUsed,
    /// Revoked or given up.
    #[error("the certificate is revoked; register the premises again")]
    Revoked,
    /// Too early to renew.
    #[error("the certificate can be renewed from {from}")]
    TooEarly {
        /// The first instant.
        from: Timestamp,
    },
    /// Never downloaded, so there is nothing to renew.
    #[error("the certificate was never downloaded; download it first")]
    NotActive,
    /// A new owner registers the premises anew, the old one gives them up.
    #[error("a certificate belongs to its premises and owner; the new owner registers anew")]
    NotTransferable,
}

impl SiteCertificate {
    /// A fresh certificate, not active yet.
    pub const fn issue(at: Timestamp) -> Self {
        SiteCertificate {
            issued_at: at,
            downloads: 0,
            validity: None,
            continues_at: None,
            revoked_at: None,
        }
    }

    /// Whether it opens the door at this time.
    pub fn is_active(&self, at: Timestamp) -> bool {
        let in_time = |validity: Validity| (validity.from..validity.until).contains(&at);
        self.revoked_at.is_none_or(|revoked| at < revoked) && self.validity.is_some_and(in_time)
    }

    /// The certificate after an attempt to download it; the first success begins its time.
    ///
    /// # Errors
    /// Revoked, wrong credentials (nothing changes), or the downloads are used up.
    pub fn download(
        &self,
        credentials: Credentials,
        at: Timestamp,
    ) -> Result<Self, CertificateRefused> {
        if self.revoked_at.is_some_and(|revoked| at >= revoked) {
            return Err(CertificateRefused::Revoked);
        }
        if credentials == Credentials::Wrong {
            return Err(CertificateRefused::WrongCredentials);
        }
        if self.downloads >= DOWNLOADS_MAX {
            return Err(CertificateRefused::DownloadsUsed);
        }
        // A renewal that is downloaded early gives its time from the end of the one before.
        let begins = self.continues_at.map_or(at, |end| end.max(at));
        let fresh = Validity {
            from: at,
            until: months_later(begins, VALID_MONTHS),
        };
        Ok(SiteCertificate {
            downloads: self.downloads + 1,
            validity: self.validity.or(Some(fresh)),
            ..*self
        })
    }

    /// The certificate that follows this one.
    ///
    /// # Errors
    /// Revoked, never active, or more than three months before its end.
    pub fn renew(&self, at: Timestamp) -> Result<Self, CertificateRefused> {
        if self.revoked_at.is_some_and(|revoked| at >= revoked) {
            return Err(CertificateRefused::Revoked);
        }
        let validity = self.validity.ok_or(CertificateRefused::NotActive)?;
        let from = months_earlier(validity.until, RENEWABLE_MONTHS);
        if at < from {
            return Err(CertificateRefused::TooEarly { from });
        }
        Ok(SiteCertificate {
            continues_at: Some(validity.until),
            ..SiteCertificate::issue(at)
        })
    }

    /// Handing it to a new owner.
    ///
    /// # Errors
    /// Always.
    pub const fn transfer(&self) -> Result<Self, CertificateRefused> {
        Err(CertificateRefused::NotTransferable)
    }

    /// How many of the reminders before its end are due.
    pub fn reminders_due(&self, at: Timestamp) -> usize {
        let Some(validity) = self.validity.filter(|_| self.is_active(at)) else {
            return 0;
        };
        let days = REMINDER_DAYS.iter();
        days.filter(|days| at >= validity.until.plus_days(-**days))
            .count()
    }
}

/// Whether two texts are one site's name: letter case does not matter.
pub fn is_same_name(typed: &str, kept: &str) -> bool {
    typed.trim().eq_ignore_ascii_case(kept)
}

fn months_later(at: Timestamp, months: u32) -> Timestamp {
    shifted(at, |time| time.checked_add_months(Months::new(months)))
}

fn months_earlier(at: Timestamp, months: u32) -> Timestamp {
    shifted(at, |time| time.checked_sub_months(Months::new(months)))
}

fn shifted(
    at: Timestamp,
    shift: impl Fn(DateTime<chrono::Utc>) -> Option<DateTime<chrono::Utc>>,
) -> Timestamp {
    DateTime::from_timestamp_micros(at.micros())
        .and_then(shift)
        .map_or(at, |time| Timestamp::from_micros(time.timestamp_micros()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(&format!("{text}T09:00:00Z")).unwrap()
    }

    #[test]
    fn its_time_begins_with_the_first_download() {
        let issued = SiteCertificate::issue(at("2026-05-01"));
        assert!(!issued.is_active(at("2026-05-02")));
        let wrong = issued.download(Credentials::Wrong, at("2026-05-02"));
        assert_eq!(wrong, Err(CertificateRefused::WrongCredentials));
        let mut held = issued;
        for day in ["2026-05-12", "2026-05-13", "2026-06-01"] {
            held = held.download(Credentials::Right, at(day)).unwrap();
        }
        assert_eq!(held.validity.unwrap().until, at("2028-05-12"));
        assert!(held.is_active(at("2028-05-11")) && !held.is_active(at("2028-05-12")));
        let fourth = held.download(Credentials::Right, at("2026-06-02"));
        assert_eq!(fourth, Err(CertificateRefused::DownloadsUsed));
        let wrong = held.download(Credentials::Wrong, at("2026-06-02"));
        assert_eq!(wrong, Err(CertificateRefused::WrongCredentials));
        assert_eq!(held.reminders_due(at("2028-01-01")), 0);
        assert_eq!(held.reminders_due(at("2028-05-06")), 3);
    }

    #[test]
    fn a_renewal_loses_no_time() {
        let held = SiteCertificate::issue(at("2026-05-01"))
            .download(Credentials::Right, at("2026-05-12"))
            .unwrap();
        let early = CertificateRefused::TooEarly {
            from: at("2028-02-12"),
        };
        assert_eq!(held.renew(at("2028-02-11")), Err(early));
        let next = held.renew(at("2028-02-12")).unwrap();
        let next = next.download(Credentials::Right, at("2028-02-20")).unwrap();
        assert_eq!(next.validity.unwrap().until, at("2030-05-12"));
        assert!(next.is_active(at("2028-02-21")));
        let fresh = SiteCertificate::issue(at("2026-05-01"));
        assert_eq!(
            fresh.renew(at("2026-05-02")),
            Err(CertificateRefused::NotActive)
        );
    }

    #[test]
    fn a_revoked_one_opens_nothing_and_nobody_inherits_it() {
        let held = SiteCertificate::issue(at("2026-05-01"))
            .download(Credentials::Right, at("2026-05-12"))
            .unwrap();
        let revoked = SiteCertificate {
            revoked_at: Some(at("2026-06-01")),
            ..held
        };
        assert!(revoked.is_active(at("2026-05-31")) && !revoked.is_active(at("2026-06-01")));
        let again = revoked.download(Credentials::Right, at("2026-06-01"));
        assert_eq!(again, Err(CertificateRefused::Revoked));
        assert_eq!(
            revoked.renew(at("2028-04-01")),
            Err(CertificateRefused::Revoked)
        );
        assert_eq!(held.transfer(), Err(CertificateRefused::NotTransferable));
        assert!(is_same_name("apo1", "APO1") && !is_same_name("APO2", "APO1"));
    }
}
