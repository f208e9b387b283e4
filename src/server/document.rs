//! The API's document: what the handlers say of themselves, and what holds for all of them, from the tables of routes,
//! permissions and errors.

use super::admin::routes;
use crate::users::routes::{Need, need};
use crate::web::error::ErrorBody;
use crate::web::{Code, page};
use actix_web::App;
use std::sync::LazyLock;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Schema, extensions::Extensions};
use utoipa_actix_web::AppExt;

#[derive(utoipa::OpenApi)]
#[openapi(
    components(schemas(ErrorBody)),
    info(
        title = "Phonebox",
        description = "The administrators' API. Every answer that is not a success is {\"error\": {code, message, next}}. \
                       `x-permission` of an operation is what a user or a key must be allowed; `x-access` says who else \
                       may use it: `open` anybody, `logged-in` a person from whom something may still be due, `person` a \
                       person, `anybody` every user and key, `console` the box's own command line."
    )
)]
struct Document;

/// The OpenAPI document of this binary.
pub fn document() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
        let (_, mut document) = routes(App::new().into_utoipa_app().openapi(Document::openapi())).split_for_parts();
        finish(&mut document);
        document.to_pretty_json().unwrap_or_default() + "\n"
    });
    &DOCUMENT
}

/// What holds for every operation stands here, not at each of them: what it needs, how it is refused, an id of its own.
fn finish(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    components.add_security_scheme("token", scheme);
    for status in STATUSES {
        components.responses.insert(name(status), refusal(status).into());
    }
    if let Some(RefOr::T(Schema::Object(fields))) = components.schemas.get_mut("ErrorFields")
        && let Some(RefOr::T(Schema::Object(code))) = fields.properties.get_mut("code")
    {
        code.enum_values = Some(Code::ALL.iter().map(|code| code.word().into()).collect());
    }
    document.security = Some(vec![SecurityRequirement::new("token", [] as [&str; 0])]);
    document.info.version = env!("CARGO_PKG_VERSION").into();
    for (path, item) in &mut document.paths.paths {
        let operations = [
            ("GET", &mut item.get),
            ("PUT", &mut item.put),
            ("POST", &mut item.post),
            ("PATCH", &mut item.patch),
            ("DELETE", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                finish_operation(method, path, operation);
            }
        }
    }
}

fn finish_operation(method: &str, path: &str, operation: &mut Operation) {
    let need = need(method, path);
    let tag = operation.tags.iter().flatten().next().map_or("", String::as_str).replace('-', "_");
    operation.operation_id = operation.operation_id.take().map(|id| format!("{tag}_{id}"));
    let told = operation.description.take().filter(|text| !text.is_empty());
    operation.description = Some([told, need.map(Need::words)].into_iter().flatten().collect::<Vec<_>>().join("\n\n"));
    operation.description.take_if(|text| text.is_empty());
    if let Some(need) = need {
        operation.extensions = Some(Extensions::from_iter([access(need)]));
    }
    if need.is_none_or(|need| need == Need::Open) {
        operation.security = Some(vec![SecurityRequirement::default()]);
    }
    for response in operation.responses.responses.iter_mut() {
        if let (status, RefOr::T(response)) = response
            && response.description.is_empty()
        {
            response.description = success(status).into();
        }
    }
    let parameters = operation.parameters.iter_mut().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    });
    let mut in_path = false;
    for parameter in parameters {
        in_path |= matches!(parameter.parameter_in, ParameterIn::Path);
        bound(parameter);
    }
    // The door that tells whether the box runs asks nothing and refuses nothing.
    let body = match &operation.request_body {
        Some(RefOr::T(body)) if body.content.contains_key("application/json") => Body::Json,
        Some(_) => Body::Bytes,
        None => Body::None,
    };
    for status in need.iter().flat_map(|need| refusals(method, *need, in_path, body)) {
        let reference = Ref::from_response_name(name(status));
        operation.responses.responses.entry(status.to_string()).or_insert(reference.into());
    }
}

/// A page's rows are counted once for all lists.
fn bound(parameter: &mut Parameter) {
    if let ("limit", Some(RefOr::T(Schema::Object(schema)))) = (parameter.name.as_str(), &mut parameter.schema) {
        schema.minimum = Some(1.into());
        schema.maximum = Some(page::MAX_LIMIT.into());
    }
}

fn access(need: Need) -> (&'static str, &'static str) {
    match need {
        Need::May(permission) => ("x-permission", permission.word()),
        Need::Open => ("x-access", "open"),
        Need::LoggedIn => ("x-access", "logged-in"),
        Need::Person => ("x-access", "person"),
        Need::Anybody => ("x-access", "anybody"),
        Need::Console => ("x-access", "console"),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    None,
    Json,
    Bytes,
}

/// The statuses with which an operation may be refused, or fail.
fn refusals(method: &str, need: Need, in_path: bool, body: Body) -> Vec<u16> {
    let is_change = method != "GET";
    let mut all = vec![400, 422, 429, 500, 503];
    if need != Need::Open {
        // What a query names may not be there.
        all.extend([401, 403, 404]);
    }
    if is_change {
        all.extend([401, 403, 404, 409, 507]);
    }
    if in_path {
        all.push(404);
    }
    if body != Body::None {
        all.extend([408, 413]);
    }
    if body == Body::Json {
        all.push(415);
    }
    all
}

const STATUSES: [u16; 14] = [400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 500, 503, 507];

fn name(status: u16) -> String {
    format!("Refused{status}")
}

/// All codes that go with a status.
fn refusal(status: u16) -> Response {
    let words: Vec<String> =
        Code::ALL.iter().filter(|code| code.status() == status).map(|code| format!("`{}`", code.word())).collect();
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build();
    ResponseBuilder::new().description(words.join(", ")).content("application/json", content).build()
}

fn success(status: &str) -> &'static str {
    match status {
        "201" => "It was made.",
        "202" => "It was taken, and is done later.",
        "204" => "It was done; there is nothing to tell.",
        _ => "It was done, or this is what was asked for.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_a_status_that_the_document_knows() {
        for code in Code::ALL {
            assert!(STATUSES.contains(&code.status()), "{code:?}");
        }
    }
}
