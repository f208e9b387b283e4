//! The rows of the authority, a room for each kind.

mod authorities;
mod certificates;
mod lists;
mod own;
mod profiles;
mod revocations;
mod trust;

pub use authorities::{
    AuthorityRow, authorities, authority_key_place, bring_back, forget_crossings, insert_authority, remove_next,
    set_key, switch,
};
pub use certificates::{
    Answered, NewCertificate, by_once, expiring, forget_once, has_certificates, holder, insert_certificate,
    key_of_another, known_certificate, serials,
};
pub use lists::{forget_list, keep_list, kept_list, next_list_number};
pub use own::{
    CA, CA_KEY, CLOCK, ECDSA, ECDSA_KEY, INSTALLED, INSTALLED_KEY, REQUEST_KEY, REQUEST_NAME, RSA, RSA_KEY, Rows, SCEP,
    SCEP_KEY, SEALED, clock_seen, forget, load, save, save_clock, sealed_place,
};
pub use profiles::{profile_by_id, profile_by_name, profiles, put_profile};
pub use revocations::{Which, keys_revoked_since, no_more_keys, revocation, revocations, revoke};
pub use trust::{note_root_in_force, note_roots, trusting, trusting_only};
