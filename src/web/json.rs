//! JSON in and out: bounded in bytes, depth and time; what is not known is refused with its name.
//!
//! serde_json bounds the depth (128) and refuses numbers that do not fit; types of bodies carry `deny_unknown_fields`.

use super::strict::Strict;
use super::{Code, Problem};
use actix_web::dev::Payload;
use actix_web::error::QueryPayloadError;
use actix_web::http::{Method, StatusCode, header};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, Responder};
use futures_util::StreamExt;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::time::Duration;
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Bytes of a JSON body: a layer's raw text and its escapes fit.
const MAX_BODY: usize = 2 * 1024 * 1024;
const BODY_TIME: Duration = Duration::from_secs(30);

/// A JSON body, in or out. As an argument it stands after the actor, so that nobody's body is read before that.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let body = tokio::time::timeout(BODY_TIME, collect(&request, payload)).await;
            let body = body.map_err(|_| Problem::from(Code::TooSlow))??;
            let parsed = parse(&body).map(Json);
            if request.method() == Method::POST {
                request.extensions_mut().insert(Sent(body));
            }
            parsed
        })
    }
}

/// A JSON body that may be left out or `null`: then all of it is absent.
#[derive(Debug, Clone)]
pub struct MaybeJson<T>(pub T);

impl<T: DeserializeOwned + Default + 'static> FromRequest for MaybeJson<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let length = request.headers().get(header::CONTENT_LENGTH);
        if matches!(payload, Payload::None) || length.is_some_and(|length| length == "0") {
            return Box::pin(ready(Ok(MaybeJson(T::default()))));
        }
        let body = Json::<Option<T>>::from_request(request, payload);
        Box::pin(async move { body.await.map(|Json(body)| MaybeJson(body.unwrap_or_default())) })
    }
}

async fn collect(request: &HttpRequest, mut payload: Payload) -> Result<Vec<u8>, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Code::MediaType.into());
    }
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::from(Code::BadRequest))?;
        if body.len() + chunk.len() > MAX_BODY {
            let message = format!("The body is larger than {} MiB.", MAX_BODY / 1024 / 1024);
            return Err(Problem::new(Code::TooLarge, message, "Send less at once."));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    T::deserialize(Strict(&mut json)).and_then(|value| json.end().map(|()| value)).map_err(|error| {
        let message = format!("The body is not the JSON that is expected here: {error}.");
        Problem::new(Code::BadJson, message, "The fields are described in /api/v1/openapi.json.")
    })
}

/// The body of a POST, kept with the request: read once more only when that is refused and the log wants to know what
/// it was about.
pub struct Sent(Vec<u8>);

impl Sent {
    pub fn named(&self) -> Named {
        serde_json::from_slice(&self.0).unwrap_or_default()
    }
}

/// What a body says it is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Named {
    mac: Option<String>,
    name: Option<String>,
    login: Option<String>,
    email: Option<String>,
}

impl Named {
    pub const FIELDS: [&str; 4] = ["mac", "name", "login", "email"];

    pub fn get(&self, field: &str) -> Option<&str> {
        let fields = [&self.mac, &self.name, &self.login, &self.email];
        let place = Self::FIELDS.iter().position(|known| *known == field)?;
        fields[place].as_deref().map(str::trim).filter(|word| !word.is_empty())
    }
}

impl<T: Serialize> Responder for Json<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().json(self.0)
    }
}

/// 201 with what was made.
pub fn created<T: Serialize>(made: T) -> HttpResponse {
    HttpResponse::build(StatusCode::CREATED).json(made)
}

/// The query of a URL. Its types carry `deny_unknown_fields` too.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // SQL's LIKE would take a NUL for the end of what is searched.
        if request.query_string().contains("%00") {
            let message = "The query of the URL holds a NUL character.";
            let next = "Leave it out: nothing here has one.";
            return ready(Err(Problem::new(Code::BadRequest, message, next)));
        }
        ready(query(request.query_string()).map(Query))
    }
}

fn query<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let read = |text: &str| {
        let query = actix_web::web::Query::<T>::from_query(text);
        query.map(actix_web::web::Query::into_inner).map_err(|error| match &error {
            QueryPayloadError::Deserialize(error) => error.to_string(),
            other => other.to_string(),
        })
    };
    read(text).map_err(|reason| {
        // serde names a field that is not known, that is missing or stands there twice, but not the one whose value is
        // wrong: it is the last one of the shortest part that fails in the same way.
        let ends = text.match_indices('&').map(|(place, _)| place).chain([text.len()]);
        let part = ends.map(|end| &text[..end]).find(|part| read(part).is_err_and(|other| other == reason));
        let pairs = part.and_then(|part| actix_web::web::Query::<Vec<(String, String)>>::from_query(part).ok());
        let pair = pairs.and_then(|pairs| pairs.into_inner().pop());
        let message = match pair.filter(|_| !reason.contains(" field `")) {
            Some((field, value)) => format!("{field}: {:?} is not accepted: {}.", shown(&value), rule(&reason)),
            None => format!("The query of the URL is not what is expected here: {reason}."),
        };
        Problem::new(Code::BadRequest, message, "The parameters are described in /api/v1/openapi.json.")
    })
}

fn shown(text: &str) -> String {
    text.chars().take(64).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Rust's words for numbers and truths, as people say it.
fn rule(reason: &str) -> &str {
    match reason {
        "invalid digit found in string" | "cannot parse integer from empty string" => "it is no whole number",
        "number too large to fit in target type" => "the number is too large",
        "number too small to fit in target type" => "the number is too small",
        "provided string was not `true` or `false`" => "it is neither true nor false",
        other => other,
    }
}

/// A setting's value as JSON people write it: `"5060"`, `5060` and `true` are all text in the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Text(pub String);

impl PartialSchema for Text {
    fn schema() -> RefOr<Schema> {
        let kinds = SchemaType::from_iter([Type::String, Type::Integer, Type::Boolean]);
        ObjectBuilder::new()
            .schema_type(kinds)
            // Of whole numbers: what lies outside is no number here but text.
            .minimum(Some(i64::MIN))
            .maximum(Some(u64::MAX))
            .description(Some("Text; numbers and truths are written as such."))
            .into()
    }
}

impl ToSchema for Text {}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
        struct Scalar;
        impl Visitor<'_> for Scalar {
            type Value = Text;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("text, a whole number, true or false")
            }
            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Text, E> {
                Ok(Text(value.to_string()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Text, E> {
                Ok(Text(value.to_string()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Text, E> {
                Ok(Text(value.to_string()))
            }
        }
        deserializer.deserialize_any(Scalar)
    }
}

/// Names and values; a name that stands there twice is refused, not silently dropped.
pub fn values<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Text>, D::Error> {
    struct Values;
    impl<'de> Visitor<'de> for Values {
        type Value = BTreeMap<String, Text>;
        fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
            f.write_str("an object of setting names and values")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut values = BTreeMap::new();
            while let Some((name, value)) = map.next_entry::<String, Text>()? {
                if let Some(Text(_)) = values.insert(name.clone(), value) {
                    let name: String = name.chars().take(64).collect();
                    return Err(serde::de::Error::custom(format!("the setting \"{name}\" stands there twice")));
                }
            }
            Ok(values)
        }
    }
    deserializer.deserialize_map(Values)
}

/// For changes: absent leaves a field as it is (`None`), `null` empties it (`Some(None)`).
pub fn double<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[serde(default, deserialize_with = "values")]
        settings: BTreeMap<String, Text>,
        #[serde(default, deserialize_with = "double")]
        name: Option<Option<String>>,
        #[serde(default)]
        inner: Option<Inner>,
        #[serde(default)]
        all: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "read by nobody: what counts is whether it is accepted")]
        a: Option<String>,
    }

    #[test]
    fn threat_061_hostile_json_is_refused_quickly_and_without_a_panic() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for body in [
            deep.as_str(),
            r#"{"name":"a","name":"b"}"#,
            r#"{"settings":{"sip.port":1,"sip.port":2}}"#,
            r#"{"settings":{"sip.port":1e400}}"#,
            r#"{"name":"\ud800"}"#,
            r#"{"account_id":2}"#,
            // A list is no object, wherever it stands.
            r#"[{}, null]"#,
            r#"{"inner":["a"]}"#,
            r#"{"all":[["a"]]}"#,
            "{} {}",
            "\u{0}",
            "",
        ] {
            let problem = parse::<Body>(body.as_bytes()).err().unwrap_or_else(|| panic!("{body:.60} was accepted"));
            assert_eq!(problem.code, Code::BadJson);
        }
        let problem = parse::<Body>(br#"{"account_id":2}"#).err().map(|problem| problem.message).unwrap_or_default();
        assert!(problem.contains("account_id"), "{problem}");
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read by nobody: what counts is whether it is accepted")]
    struct Asked {
        name: String,
        limit: Option<u32>,
        offset: Option<u32>,
        own: Option<bool>,
    }

    #[test]
    fn a_query_that_is_not_accepted_names_the_field_the_value_and_the_rule() {
        assert!(query::<Asked>("name=a&limit=5&own=true").is_ok());
        for (text, message) in [
            ("limit=5&name=a&offset=x%0Ay", "offset: \"x\u{fffd}y\" is not accepted: it is no whole number."),
            ("limit=&name=a&offset=x", "limit: \"\" is not accepted: it is no whole number."),
            ("limit=99999999999&name=a", "limit: \"99999999999\" is not accepted: the number is too large."),
            ("name=a&own=yes", "own: \"yes\" is not accepted: it is neither true nor false."),
        ] {
            assert_eq!(query::<Asked>(text).unwrap_err().message, message);
        }
        for (text, word) in [("limit=5", "`name`"), ("name=a&nobody=1", "`nobody`"), ("name=a&name=b", "`name`")] {
            assert!(query::<Asked>(text).unwrap_err().message.contains(word), "{text}");
        }
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let name = |body: &str| parse::<Body>(body.as_bytes()).unwrap().name;
        assert_eq!(name("{}"), None);
        assert_eq!(name(r#"{"name":null}"#), Some(None));
        assert_eq!(name(r#"{"name":"a"}"#), Some(Some("a".into())));
        let inner = parse::<Body>(br#"{"inner":{"a":"b"},"all":[{},{"a":null}]} "#).unwrap();
        assert!(inner.inner.is_some() && inner.all.len() == 2);
        let body = parse::<Body>(br#"{"settings":{"a":true,"b":5060.0,"c":"x"}}"#).unwrap();
        assert_eq!(body.settings.values().map(|text| text.0.as_str()).collect::<Vec<_>>(), ["true", "5060", "x"]);
    }
}
