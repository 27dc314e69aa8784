//! Reading JSON without mercy: duplicate keys, unknown members, deep nesting and wrong types are all refused, all of them
//! at once, each with its pointer (security.md section 7; ATK-028, ATK-042, ATK-044, ATK-045).
//!
//! [`parse`] makes a value of a text, [`FromJson`] a typed body of a value, and the macro [`body!`](crate::body) writes
//! the latter for a struct, together with its schema for the API description.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use packtwin_core::code::Code;
use packtwin_core::refusal::{Refusal, Refusals};

/// How deep values may be nested.
const DEPTH_MAX: usize = 64;

/// Reads one JSON value and nothing after it.
///
/// # Errors
/// It is no JSON, nested too deeply, or names a member twice.
pub fn parse(bytes: &[u8]) -> Result<Value, Refusals> {
    let faults = RefCell::new(Vec::new());
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let seed = Strict {
        pointer: String::new(),
        depth: 0,
        faults: &faults,
    };
    let read = seed
        .deserialize(&mut source)
        .and_then(|value| source.end().map(|()| value));
    let mut faults = faults.into_inner();
    match read {
        Ok(value) => Refusals::check(faults).map(|()| value),
        Err(error) => {
            faults.push(Refusal::at(
                Code::RequestMalformed,
                format!("line {} column {}", error.line(), error.column()),
                reason(&error),
            ));
            Err(Refusals::all(faults)
                .unwrap_or_else(|| malformed("", "The body is no JSON.").into()))
        }
    }
}

/// What serde_json says, without the place, which is told apart.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    format!("The body is no JSON: {text}.")
}

fn malformed(place: &str, text: impl Into<String>) -> Refusal {
    Refusal::at(Code::RequestMalformed, place, text)
}

/// A member's pointer below another (RFC 6901: `~` and `/` are escaped).
fn below(pointer: &str, member: &str) -> String {
    format!("{pointer}/{}", member.replace('~', "~0").replace('/', "~1"))
}

/// Reads a value and remembers every member that came twice.
struct Strict<'a> {
    pointer: String,
    depth: usize,
    faults: &'a RefCell<Vec<Refusal>>,
}

impl Strict<'_> {
    fn deeper(&self, member: &str) -> Strict<'_> {
        Strict {
            pointer: below(&self.pointer, member),
            depth: self.depth + 1,
            faults: self.faults,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        if self.depth > DEPTH_MAX {
            return Err(D::Error::custom(format!("nested deeper than {DEPTH_MAX}")));
        }
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) =
            elements.next_element_seed(self.deeper(&values.len().to_string()))?
        {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.deeper(&name))?;
            if values.contains_key(&name) {
                let place = below(&self.pointer, &name);
                self.faults
                    .borrow_mut()
                    .push(malformed(&place, "The member comes twice."));
            }
            values.insert(name, value);
        }
        Ok(Value::Object(values))
    }
}

/// Something that can be read from a JSON value, telling every fault.
pub trait FromJson: Sized {
    /// Reads a value that is there. `None` when a fault was added.
    fn from_json(value: &Value, pointer: &str, faults: &mut Vec<Refusal>) -> Option<Self>;

    /// What a member that is not there means; a fault, unless the type says otherwise.
    fn absent(pointer: &str, faults: &mut Vec<Refusal>) -> Option<Self> {
        faults.push(malformed(pointer, "The member is missing."));
        None
    }
}

/// Reads a typed body.
///
/// # Errors
/// Every fault of it.
pub fn read<T: FromJson>(bytes: &[u8]) -> Result<T, Refusals> {
    read_value(&parse(bytes)?)
}

/// Reads a typed body from a value.
///
/// # Errors
/// Every fault of it.
pub fn read_value<T: FromJson>(value: &Value) -> Result<T, Refusals> {
    let mut faults = Vec::new();
    let read = T::from_json(value, "", &mut faults);
    match (read, Refusals::all(faults)) {
        (Some(read), None) => Ok(read),
        (_, Some(refusals)) => Err(refusals),
        (None, None) => Err(malformed("", "The body cannot be read.").into()),
    }
}

fn wrong_type<T>(pointer: &str, wanted: &str, faults: &mut Vec<Refusal>) -> Option<T> {
    faults.push(malformed(pointer, format!("Here belongs {wanted}.")));
    None
}

impl FromJson for String {
    fn from_json(value: &Value, pointer: &str, faults: &mut Vec<Refusal>) -> Option<Self> {
        match value {
            Value::String(text) => Some(text.clone()),
            _ => wrong_type(pointer, "a text", faults),
        }
    }
}

impl FromJson for bool {
    fn from_json(value: &Value, pointer: &str, faults: &mut Vec<Refusal>) -> Option<Self> {
        value
            .as_bool()
            .or_else(|| wrong_type(pointer, "true or false", faults))
    }
}

impl FromJson for u64 {
    fn from_json(value: &Value, pointer: &str, faults: &mut Vec<Refusal>) -> Option<Self> {
        value
            .as_u64()
            .or_else(|| wrong_type(pointer, "a whole number from 0 on", faults))
    }
}

impl FromJson for u32 {
    fn from_json(value: &Value, pointer: &str, faults: &mut Vec<Refusal>) -> Option<Self> {
        value
            .as_u64()
            .and_then(|number| number.try_into().ok())
            .or_else(|| wrong_type(pointer, "a whole number from 0 to 4294967295", faults))
    }
}

impl FromJson for Value {
    fn from_json(value: &Value, _pointer: &str, _faults: &mut Vec<Refusal>) -> Option<Self> {
        Some(value.clone())
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(value: &Value, pointer: &str, faults: &mut Vec<Refusal>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_json(value, pointer, faults).map(Some),
        }
    }

    fn absent(_pointer: &str, _faults: &mut Vec<Refusal>) -> Option<Self> {
        Some(None)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: &Value, pointer: &str, faults: &mut Vec<Refusal>) -> Option<Self> {
        let Value::Array(values) = value else {
            return wrong_type(pointer, "a list", faults);
        };
        let read: Vec<Option<T>> = values
            .iter()
            .enumerate()
            .map(|(index, value)| T::from_json(value, &below(pointer, &index.to_string()), faults))
            .collect();
        read.into_iter().collect()
    }
}

/// The members of an object, taken one by one; what nobody takes is refused.
pub struct Members<'a> {
    members: &'a Map<String, Value>,
    pointer: &'a str,
    taken: Vec<&'static str>,
}

impl<'a> Members<'a> {
    /// Opens an object.
    pub fn open(value: &'a Value, pointer: &'a str, faults: &mut Vec<Refusal>) -> Option<Self> {
        match value {
            Value::Object(members) => Some(Members {
                members,
                pointer,
                taken: Vec::new(),
            }),
            _ => wrong_type(pointer, "an object", faults),
        }
    }

    /// Takes one member.
    pub fn take<T: FromJson>(
        &mut self,
        name: &'static str,
        faults: &mut Vec<Refusal>,
    ) -> Option<T> {
        self.taken.push(name);
        let pointer = below(self.pointer, name);
        match self.members.get(name) {
            Some(value) => T::from_json(value, &pointer, faults),
            None => T::absent(&pointer, faults),
        }
    }

    /// Refuses what was not taken (ATK-028: nothing is ignored in silence).
    pub fn close(self, faults: &mut Vec<Refusal>) {
        for name in self
            .members
            .keys()
            .filter(|name| !self.taken.contains(&name.as_str()))
        {
            faults.push(malformed(
                &below(self.pointer, name),
                "There is no such member.",
            ));
        }
    }
}

/// Declares a body that a request brings: the struct, its schema and its strict reader.
#[macro_export]
macro_rules! body {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $crate::http::json::FromJson for $name {
            fn from_json(
                value: &serde_json::Value,
                pointer: &str,
                faults: &mut Vec<packtwin_core::refusal::Refusal>,
            ) -> Option<Self> {
                let mut members = $crate::http::json::Members::open(value, pointer, faults)?;
                $(let $field = members.take(stringify!($field), faults);)*
                members.close(faults);
                Some($name { $($field: $field?,)* })
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    body! {
        /// A body to try things on.
        pub struct Sample {
            /// A text.
            name: String,
            /// A number.
            count: Option<u32>,
            /// A list.
            parts: Vec<u64>,
        }
    }

    fn check(text: &str, expected: &[&str]) {
        let places: Vec<String> = match read::<Sample>(text.as_bytes()) {
            Ok(_) => Vec::new(),
            Err(refusals) => refusals
                .iter()
                .map(|refusal| refusal.place.clone())
                .collect(),
        };
        assert_eq!(places, expected, "{text}");
    }

    #[test]
    fn a_right_body_is_read() {
        let sample: Sample = read(br#"{"name":"\u00e9","parts":[1,2],"count":null}"#).unwrap();
        assert_eq!(
            (sample.name.as_str(), sample.count, sample.parts.len()),
            ("\u{e9}", None, 2)
        );
    }

    #[test]
    fn all_faults_are_told_at_once() {
        check(
            r#"{"count":-1,"parts":[1,"x",1e308],"tenant_id":2}"#,
            &["/name", "/count", "/parts/1", "/parts/2", "/tenant_id"],
        );
        check(r#"{"name":"a","parts":[],"a/b~c":1}"#, &["/a~1b~0c"]);
        check("[]", &[""]);
    }

    /// ATK-044: never first-wins in one place and last-wins in another.
    #[test]
    fn a_member_that_comes_twice_is_refused() {
        check(
            r#"{"name":"a","name":"b","parts":[{"x":1,"x":1}]}"#,
            &["/name", "/parts/0/x"],
        );
    }

    /// ATK-042: the depth is refused long before the stack ends.
    #[test]
    fn depth_and_rubbish_are_refused() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(DEPTH_MAX).as_bytes()).is_ok());
        for text in [
            nested(DEPTH_MAX + 2),
            nested(100_000),
            "{\"a\":1} x".into(),
            "{".into(),
            String::new(),
            "\u{feff}{}".into(),
        ] {
            assert_eq!(
                parse(text.as_bytes()).unwrap_err().code(),
                Code::RequestMalformed
            );
        }
        assert!(parse(b"\"\xff\"").is_err());
        assert!(parse(b"1e999").is_err());
    }
}
