//! Why a TLS handshake failed, as a check-in's reason: what a phone means by its alert (RFC 8446 §6.2), and what it asked
//! for that rustls does not speak.

use crate::checkins::Reason;
use rustls::{AlertDescription, Error, PeerIncompatible};
use std::io;

/// The reason and, for whoever looks closer, the words of whoever noticed.
pub fn failure(error: &io::Error) -> (Reason, String) {
    let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    (of_tls.map_or(Reason::TlsBrokenOff, reason), error.to_string())
}

fn reason(error: &Error) -> Reason {
    match error {
        Error::AlertReceived(alert) => of_alert(*alert),
        Error::PeerIncompatible(what) => match what {
            PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::SupportedVersionsExtensionRequired
            // Every client of TLS 1.2 says what signatures it takes (RFC 5246 §7.4.1.4.1), older ones cannot.
            | PeerIncompatible::SignatureAlgorithmsExtensionRequired => Reason::TlsOld,
            _ => Reason::TlsNoCipher,
        },
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } => Reason::TlsNotTls,
        Error::InvalidCertificate(_) | Error::NoCertificatesPresented => Reason::TlsClientKey,
        _ => Reason::TlsFailed,
    }
}

fn of_alert(alert: AlertDescription) -> Reason {
    match alert {
        AlertDescription::UnknownCA => Reason::TlsUnknownCa,
        AlertDescription::CertificateExpired => Reason::TlsExpired,
        AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::CertificateRevoked
        | AlertDescription::AccessDenied
        | AlertDescription::UnrecognisedName
        | AlertDescription::IllegalParameter
        | AlertDescription::UnsupportedCertificate => Reason::TlsCertificate,
        AlertDescription::ProtocolVersion | AlertDescription::InappropriateFallback => Reason::TlsOld,
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => Reason::TlsNoCipher,
        _ => Reason::TlsFailed,
    }
}
