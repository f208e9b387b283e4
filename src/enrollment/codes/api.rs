//! How many wrong enrollment codes lock a phone against codes, and for how long (AVA-066, AVA-067). For the whole box:
//! everybody sees it, only who runs the box changes it (AVA-068).

use super::{ATTEMPTS, Lockout, MINUTES};
use crate::db::Db;
use crate::users::Actor;
use crate::web::{Code, Json, Problem, Result};
use crate::{audit, clock};
use actix_web::web::Data;
use actix_web::{get, put};
use std::ops::RangeInclusive;

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
struct DeviceLockout {
    /// For so many minutes no enrollment code is taken from a phone that gave too many wrong ones.
    minutes: u32,
    /// So many wrong codes lock nobody yet; one more does.
    attempts: u32,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct DeviceLockoutInput {
    /// 1 to 1440. Absent: as it was.
    #[schema(minimum = 1, maximum = 1440)]
    minutes: Option<u32>,
    /// 1 to 20. Absent: as it was.
    #[schema(minimum = 1, maximum = 20)]
    attempts: Option<u32>,
}

impl DeviceLockout {
    fn of(Lockout { minutes, attempts }: Lockout) -> DeviceLockout {
        DeviceLockout { minutes, attempts }
    }
}

fn within(field: &str, value: u32, bounds: &RangeInclusive<u32>) -> Result<u32> {
    if bounds.contains(&value) {
        return Ok(value);
    }
    let (least, most) = (bounds.start(), bounds.end());
    let message = format!("{field}: {value} is not accepted: it is from {least} to {most}.");
    Err(Problem::bad_value(message, format!("Write a number from {least} to {most}.")))
}

/// How many wrong enrollment codes lock a phone against codes, and for how long
#[utoipa::path(tag = "enrollment", responses((status = 200, body = DeviceLockout)))]
#[get("/device-lockout")]
async fn show(_actor: Actor, db: Data<Db>) -> Result<Json<DeviceLockout>> {
    Ok(Json(DeviceLockout::of(db.read(Lockout::load)?)))
}

/// Set how many wrong enrollment codes lock a phone against codes, and for how long
#[utoipa::path(tag = "enrollment", request_body = DeviceLockoutInput, responses((status = 200, body = DeviceLockout)))]
#[put("/device-lockout")]
async fn set(actor: Actor, db: Data<Db>, Json(body): Json<DeviceLockoutInput>) -> Result<Json<DeviceLockout>> {
    if actor.limited.is_some() {
        let message = "The device lockout is the whole box's, and your data permission is for a part of it.";
        return Err(Problem::new(Code::Forbidden, message, "Ask whoever runs this box."));
    }
    let minutes = body.minutes.map(|value| within("minutes", value, &MINUTES)).transpose()?;
    let attempts = body.attempts.map(|value| within("attempts", value, &ATTEMPTS)).transpose()?;
    let view = db
        .write(move |tx| {
            let old = Lockout::load(tx)?;
            let new = Lockout { minutes: minutes.unwrap_or(old.minutes), attempts: attempts.unwrap_or(old.attempts) };
            new.save(tx)?;
            let (before, after) = (DeviceLockout::of(old), DeviceLockout::of(new));
            let sides = (Some(&before), Some(&after));
            audit::write_change(tx, &actor, "device-lockout.set", "device lockout", sides, None, clock::now())?;
            Ok::<_, Problem>(after)
        })
        .await?;
    Ok(Json(view))
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(show).service(set);
}
