//! Reads one event from its members, in whatever order they come.

use packtwin_connector_port::serial_check::quoted;
use packtwin_core::code::Code;
use packtwin_core::finding::Finding;

use super::context::{Context, resolve, resolve_name, split_attributes};
use super::context_reader::read_context;
use super::tokens::{JsonTokens, Token};
use super::tree::{TreeReading, raw_name, read_value};
use crate::event::{
    EpcRole, ErrorDeclaration, Event, EventKind, Ilmd, PersistentDisposition, Place, Quantity,
    QuantityRole, SENSOR_METADATA, SENSOR_REPORT, SENSOR_REPORT_EXTRA, SensorElement, SensorFields,
    SensorText, Typed,
};
use crate::extension::Element;
use crate::reading::{EVENT_BYTES_MAX, ReadingError};

/// Names of members by which an event is known before its type is.
pub(super) const EVENT_MEMBERS: [&str; 6] = [
    "eventTime",
    "eventTimeZoneOffset",
    "epcList",
    "action",
    "bizStep",
    "eventID",
];

/// Reads the members of one event.
pub(super) struct EventReading<'e, 't, 'r> {
    pub(super) tokens: &'t mut JsonTokens<'r>,
    pub(super) context: &'e Context,
    pub(super) event: &'e mut Event,
    pub(super) findings: &'e mut Vec<Finding>,
    bytes: usize,
    type_text: Option<String>,
    seen: Vec<String>,
    own: Context,
}

impl<'e, 't, 'r> EventReading<'e, 't, 'r> {
    pub(super) fn new(
        tokens: &'t mut JsonTokens<'r>,
        context: &'e Context,
        event: &'e mut Event,
        findings: &'e mut Vec<Finding>,
    ) -> Self {
        EventReading {
            tokens,
            context,
            event,
            findings,
            bytes: 0,
            type_text: None,
            seen: Vec::new(),
            own: Context::default(),
        }
    }

    /// Sets the type that was read before the event was known to be one.
    pub(super) fn set_type(&mut self, text: String) {
        self.type_text = Some(text);
    }

    /// Reads all members of the object whose beginning was passed; `false` when the event cannot be taken.
    pub(super) fn read(mut self) -> Result<bool, ReadingError> {
        while self.tokens.next()? == Token::Key {
            let key = std::mem::take(&mut self.tokens.text);
            self.member(key)?;
        }
        Ok(self.finish())
    }

    /// Reads the value of a member.
    pub(super) fn member(&mut self, key: String) -> Result<(), ReadingError> {
        let first = self.tokens.next()?;
        if self.seen.contains(&key) {
            self.error(
                Code::EpcisTwice,
                &key,
                format!("{} stands twice in one event", quoted(&key)),
            );
        }
        self.take(&key, first)?;
        self.seen.push(key);
        Ok(())
    }

    /// Sets the type and resolves names; `false` when the event cannot be taken.
    pub(super) fn finish(&mut self) -> bool {
        let own = std::mem::take(&mut self.own);
        self.event.namespaces = own.bound;
        let mut unbound = Vec::new();
        resolve_event(self.event, self.context, &mut unbound);
        unbound.sort_unstable();
        unbound.dedup();
        for prefix in unbound {
            let text = format!("the prefix {} is not bound in @context", quoted(&prefix));
            self.error(Code::EpcisPrefixUnbound, &prefix, text);
        }
        if self.bytes > EVENT_BYTES_MAX {
            let number = self.event.number;
            let text =
                format!("event {number} holds more than 24 MB of text and was not taken. Split it");
            self.error(Code::EpcisEventTooLarge, "", text);
            return false;
        }
        let Some(text) = self.type_text.take() else {
            self.error(
                Code::EpcisFieldMissing,
                "type",
                "the event has no type".to_owned(),
            );
            return false;
        };
        let bare = text.strip_prefix("epcis:").unwrap_or(&text);
        self.event.kind = match EventKind::of(bare) {
            Some(kind) => kind,
            None if text.contains(':') => {
                let mut name = raw_name(&text);
                resolve_name(
                    &mut name,
                    self.context,
                    &self.event.namespaces,
                    &mut Vec::new(),
                );
                EventKind::Foreign(name)
            }
            None => {
                let text = format!(
                    "there is no type of event {}; it was not taken",
                    quoted(&text)
                );
                self.error(Code::EpcisEventUnknown, "type", text);
                return false;
            }
        };
        true
    }

    fn take(&mut self, key: &str, first: Token) -> Result<(), ReadingError> {
        match key {
            "@context" => {
                let mut own = std::mem::take(&mut self.own);
                let read = read_context(self.tokens, first, &mut own, self.findings);
                self.own = own;
                return read;
            }
            "type" | "@type" | "isA" => self.type_text = self.text(key, first)?,
            "eventTime" => self.event.event_time = self.text(key, first)?,
            "recordTime" => self.event.record_time = self.text(key, first)?,
            "eventTimeZoneOffset" => self.event.zone_offset = self.text(key, first)?,
            "eventID" => self.event.event_id = self.text(key, first)?,
            "parentID" => self.event.parent_id = self.text(key, first)?,
            "action" => self.event.action = self.text(key, first)?,
            "bizStep" => self.event.biz_step = self.text(key, first)?,
            "disposition" => self.event.disposition = self.text(key, first)?,
            "transformationID" => self.event.transformation_id = self.text(key, first)?,
            "certificationInfo" => self.event.certification_info = self.texts(key, first)?,
            "errorDeclaration" => self.error_declaration(first)?,
            "readPoint" => self.event.read_point = self.place(key, first)?,
            "bizLocation" => self.event.biz_location = self.place(key, first)?,
            "bizTransactionList" => {
                self.event.biz_transactions =
                    Some(self.typed_list(key, "bizTransaction", first)?);
            }
            "sourceList" => self.event.sources = Some(self.typed_list(key, "source", first)?),
            "destinationList" => {
                self.event.destinations = Some(self.typed_list(key, "destination", first)?)
            }
            "persistentDisposition" => self.persistent_disposition(first)?,
            "sensorElementList" => self.sensor_elements(first)?,
            "ilmd" => self.ilmd(first)?,
            _ => return self.list_or_foreign(key, first),
        }
        Ok(())
    }

    fn list_or_foreign(&mut self, key: &str, first: Token) -> Result<(), ReadingError> {
        if let Some(role) = EpcRole::ALL.into_iter().find(|role| role.name() == key) {
            return self.epc_list(role, first);
        }
        if let Some(role) = QuantityRole::ALL
            .into_iter()
            .find(|role| role.name() == key)
        {
            let mut list = Vec::new();
            self.each_object(key, first, &mut |reading| {
                let quantity = reading.quantity()?;
                list.push(quantity);
                Ok(())
            })?;
            self.event.quantities[role as usize] = Some(list);
            return Ok(());
        }
        if !key.contains(':') {
            let text = format!("{} is no field of an event and has no prefix", quoted(key));
            self.error(Code::EpcisFieldUnknown, key, text);
        }
        let mut elements = Vec::new();
        self.tree(key, first, &mut elements)?;
        self.event.extensions.append(&mut elements);
        Ok(())
    }

    fn epc_list(&mut self, role: EpcRole, first: Token) -> Result<(), ReadingError> {
        self.event.epc_list_mut(role).set_present();
        if first == Token::Text {
            return self.take_epc(role);
        }
        if first != Token::ArrayBegin {
            return self.wrong_kind(role.name(), "a list of texts", first);
        }
        loop {
            match self.tokens.next()? {
                Token::ArrayEnd => return Ok(()),
                Token::Text => self.take_epc(role)?,
                other => self.wrong_kind(role.name(), "a list of texts", other)?,
            }
        }
    }

    fn take_epc(&mut self, role: EpcRole) -> Result<(), ReadingError> {
        let list = &mut self.event.epcs[role as usize];
        let bytes = &mut self.bytes;
        let mut keep = |value: &str| {
            *bytes += value.len();
            if *bytes <= EVENT_BYTES_MAX {
                list.push(value);
            }
        };
        let value = self.tokens.text.trim();
        keep(value);
        if value.len() == self.tokens.text.len() {
            return self.tokens.plain_texts(keep);
        }
        let value = value.to_owned();
        self.report_space(role.name(), &value);
        Ok(())
    }

    fn quantity(&mut self) -> Result<Quantity, ReadingError> {
        let mut quantity = Quantity::default();
        self.each_member(&mut |reading, key, first| {
            match key {
                "epcClass" => quantity.epc_class = reading.text(key, first)?.unwrap_or_default(),
                "uom" => quantity.uom = reading.text(key, first)?,
                "quantity" if first == Token::Number => {
                    quantity.quantity = Some(reading.tokens.text.clone());
                }
                "quantity" if first == Token::Text && is_decimal(&reading.tokens.text) => {
                    let number = reading.tokens.text.clone();
                    let text = format!(
                        "quantity {} is a text and was read as a number",
                        quoted(&number)
                    );
                    reading.warn(Code::EpcisFieldWrong, key, text);
                    quantity.quantity = Some(number);
                }
                "quantity" => reading.wrong_kind(key, "a number", first)?,
                _ => reading.unknown("an element of a quantity list", key, first)?,
            }
            Ok(())
        })?;
        Ok(quantity)
    }

    fn typed_list(
        &mut self,
        list_name: &str,
        name: &str,
        first: Token,
    ) -> Result<Vec<Typed>, ReadingError> {
        let mut list = Vec::new();
        self.each_object(list_name, first, &mut |reading| {
            let mut typed = Typed::default();
            reading.each_member(&mut |reading, key, first| {
                match key {
                    "type" => typed.kind = reading.text(key, first)?,
                    key if key == name => {
                        typed.value = reading.text(key, first)?.unwrap_or_default()
                    }
                    _ => reading.unknown(list_name, key, first)?,
                }
                Ok(())
            })?;
            list.push(typed);
            Ok(())
        })?;
        Ok(list)
    }

    fn place(&mut self, name: &str, first: Token) -> Result<Option<Place>, ReadingError> {
        if first == Token::Text {
            let id = self.text(name, first)?.unwrap_or_default();
            let text = format!("{name} is a text; it was read as the id in it");
            self.warn(Code::EpcisFieldWrong, name, text);
            return Ok(Some(Place {
                id,
                extensions: Vec::new(),
            }));
        }
        if first != Token::ObjectBegin {
            self.wrong_kind(name, "an object with an id", first)?;
            return Ok(None);
        }
        let mut place = Place::default();
        self.each_member(&mut |reading, key, first| {
            match key {
                "id" | "@id" => place.id = reading.text(key, first)?.unwrap_or_default(),
                _ => reading.tree(key, first, &mut place.extensions)?,
            }
            Ok(())
        })?;
        Ok(Some(place))
    }

    fn error_declaration(&mut self, first: Token) -> Result<(), ReadingError> {
        if first != Token::ObjectBegin {
            return self.wrong_kind("errorDeclaration", "an object", first);
        }
        let mut declaration = ErrorDeclaration::default();
        self.each_member(&mut |reading, key, first| {
            match key {
                "declarationTime" => declaration.declaration_time = reading.text(key, first)?,
                "reason" => declaration.reason = reading.text(key, first)?,
                "correctiveEventIDs" => {
                    declaration.corrective_event_ids = Some(reading.texts(key, first)?);
                }
                _ => {
                    if !key.contains(':') {
                        let text = format!("{} is no field of an error declaration", quoted(key));
                        reading.error(Code::EpcisFieldUnknown, key, text);
                    }
                    reading.tree(key, first, &mut declaration.extensions)?;
                }
            }
            Ok(())
        })?;
        self.event.error_declaration = Some(declaration);
        Ok(())
    }

    fn persistent_disposition(&mut self, first: Token) -> Result<(), ReadingError> {
        if first != Token::ObjectBegin {
            return self.wrong_kind("persistentDisposition", "an object", first);
        }
        let mut persistent = PersistentDisposition::default();
        self.each_member(&mut |reading, key, first| {
            match key {
                "set" => persistent.set = reading.texts(key, first)?,
                "unset" => persistent.unset = reading.texts(key, first)?,
                _ => reading.unknown("persistentDisposition", key, first)?,
            }
            Ok(())
        })?;
        self.event.persistent_disposition = Some(persistent);
        Ok(())
    }

    fn ilmd(&mut self, first: Token) -> Result<(), ReadingError> {
        if first != Token::ObjectBegin {
            return self.wrong_kind("ilmd", "an object", first);
        }
        let mut ilmd = Ilmd::default();
        self.each_member(&mut |reading, key, first| {
            if !key.contains(':') && !key.starts_with('@') {
                let text = format!(
                    "{} in the ILMD has no prefix; give it one, e.g. cbvmda",
                    quoted(key)
                );
                reading.error(Code::EpcisFieldUnknown, key, text);
            }
            reading.tree(key, first, &mut ilmd.elements)
        })?;
        self.event.ilmd = Some(ilmd);
        Ok(())
    }

    fn sensor_elements(&mut self, first: Token) -> Result<(), ReadingError> {
        let mut list = Vec::new();
        self.each_object("sensorElementList", first, &mut |reading| {
            let mut element = SensorElement::default();
            reading.each_member(&mut |reading, key, first| {
                match key {
                    "sensorMetadata" if first == Token::ObjectBegin => {
                        element.metadata = Some(reading.sensor_fields(&SENSOR_METADATA)?);
                    }
                    "sensorReport" => reading.each_object(key, first, &mut |reading| {
                        let mut known = SENSOR_REPORT.to_vec();
                        known.push(SENSOR_REPORT_EXTRA);
                        element.reports.push(reading.sensor_fields(&known)?);
                        Ok(())
                    })?,
                    "type" | "@type" => reading.tokens.skip_from(first)?,
                    _ => {
                        if !key.contains(':') {
                            let text = format!("{} is no field of a sensor element", quoted(key));
                            reading.error(Code::EpcisFieldUnknown, key, text);
                        }
                        reading.tree(key, first, &mut element.extensions)?;
                    }
                }
                Ok(())
            })?;
            list.push(element);
            Ok(())
        })?;
        self.event.sensor_elements = Some(list);
        Ok(())
    }

    fn sensor_fields(
        &mut self,
        known: &[(&'static str, SensorText)],
    ) -> Result<SensorFields, ReadingError> {
        let mut fields = SensorFields::default();
        self.each_member(&mut |reading, key, first| {
            let Some((name, kind)) = known.iter().find(|(name, _)| *name == key) else {
                if !key.contains(':') {
                    let text = format!("{} is no field of sensor data", quoted(key));
                    reading.error(Code::EpcisFieldUnknown, key, text);
                }
                return reading.tree(key, first, &mut fields.extensions);
            };
            let value = match (first, kind) {
                (Token::Number, SensorText::Number) => reading.tokens.text.clone(),
                (Token::True, SensorText::Boolean) => "true".to_owned(),
                (Token::False, SensorText::Boolean) => "false".to_owned(),
                (Token::Text, SensorText::Text | SensorText::Time) => {
                    reading.text(key, first)?.unwrap_or_default()
                }
                (Token::Text | Token::Number, _) => {
                    let value = reading.tokens.text.clone();
                    let text = format!(
                        "{key} {} is of another kind of value than the schema says",
                        quoted(&value)
                    );
                    reading.error(Code::EpcisFieldWrong, key, text);
                    value
                }
                _ => return reading.wrong_kind(key, "a single value", first),
            };
            reading.bytes += value.len();
            fields.fields.push((name, value));
            Ok(())
        })?;
        Ok(fields)
    }

    // ---- small tools ----

    fn each_member(
        &mut self,
        take: &mut dyn FnMut(&mut Self, &str, Token) -> Result<(), ReadingError>,
    ) -> Result<(), ReadingError> {
        let mut keys: Vec<String> = Vec::new();
        while self.tokens.next()? == Token::Key {
            let key = self.tokens.text.clone();
            let first = self.tokens.next()?;
            take(self, &key, first)?;
            if keys.contains(&key) {
                self.error(
                    Code::EpcisTwice,
                    &key,
                    format!("{} stands twice in one object", quoted(&key)),
                );
            }
            keys.push(key);
        }
        Ok(())
    }

    /// Every object of a list; a single object stands for a list of one, as JSON-LD allows.
    fn each_object(
        &mut self,
        name: &str,
        first: Token,
        take: &mut dyn FnMut(&mut Self) -> Result<(), ReadingError>,
    ) -> Result<(), ReadingError> {
        match first {
            Token::ObjectBegin => take(self),
            Token::ArrayBegin => loop {
                match self.tokens.next()? {
                    Token::ArrayEnd => return Ok(()),
                    Token::ObjectBegin => take(self)?,
                    other => self.wrong_kind(name, "a list of objects", other)?,
                }
            },
            other => self.wrong_kind(name, "a list of objects", other),
        }
    }

    fn tree(
        &mut self,
        key: &str,
        first: Token,
        out: &mut Vec<Element>,
    ) -> Result<(), ReadingError> {
        let mut reading = TreeReading::default();
        read_value(self.tokens, first, &raw_name(key), &mut reading, out)?;
        self.bytes += reading.bytes;
        for name in reading.twice {
            self.error(
                Code::EpcisTwice,
                &name,
                format!("{} stands twice in one object", quoted(&name)),
            );
        }
        if reading.had_nested_lists {
            let text = format!(
                "a list stands directly in a list of {}; they were read as one",
                quoted(key)
            );
            self.warn(Code::EpcisFieldWrong, key, text);
        }
        Ok(())
    }

    fn text(&mut self, name: &str, first: Token) -> Result<Option<String>, ReadingError> {
        if first != Token::Text {
            self.wrong_kind(name, "a text", first)?;
            return Ok(None);
        }
        let value = self.tokens.text.trim().to_owned();
        self.bytes += value.len();
        if value.len() != self.tokens.text.len() {
            self.report_space(name, &value);
        }
        Ok(Some(value))
    }

    fn texts(&mut self, name: &str, first: Token) -> Result<Vec<String>, ReadingError> {
        if first != Token::ArrayBegin {
            return Ok(self.text(name, first)?.into_iter().collect());
        }
        let mut texts = Vec::new();
        loop {
            match self.tokens.next()? {
                Token::ArrayEnd => return Ok(texts),
                token => texts.extend(self.text(name, token)?),
            }
        }
    }

    fn unknown(&mut self, place: &str, key: &str, first: Token) -> Result<(), ReadingError> {
        let text = format!(
            "{} does not belong in {place} and was passed over",
            quoted(key)
        );
        self.error(Code::EpcisFieldUnknown, key, text);
        self.tokens.skip_from(first)
    }

    fn wrong_kind(&mut self, name: &str, expected: &str, first: Token) -> Result<(), ReadingError> {
        let shown = match first {
            Token::Text => quoted(&self.tokens.text),
            Token::Number => self.tokens.text.clone(),
            Token::ObjectBegin => "an object".to_owned(),
            Token::ArrayBegin => "a list".to_owned(),
            Token::True | Token::False => "a truth value".to_owned(),
            _ => "nothing".to_owned(),
        };
        let text = format!("{name} is {shown}, and must be {expected}");
        self.error(Code::EpcisFieldWrong, name, text);
        self.tokens.skip_from(first)
    }

    fn report_space(&mut self, name: &str, value: &str) {
        let line = self.tokens.line();
        let text = format!(
            "Line {line}: spaces around {}; it was read without them.",
            quoted(value)
        );
        self.findings
            .push(Finding::warning(Code::EpcisSpace, line, name, text).proposing(value));
    }

    fn warn(&mut self, code: Code, field: &str, text: String) {
        let line = self.tokens.line();
        let text = format!("Line {line}: {text}.");
        self.findings
            .push(Finding::warning(code, line, field, text));
    }

    fn error(&mut self, code: Code, field: &str, text: String) {
        let line = self.tokens.line();
        let text = format!("Line {line}: {text}.");
        self.findings.push(Finding::error(code, line, field, text));
    }
}

fn resolve_event(event: &mut Event, context: &Context, unbound: &mut Vec<String>) {
    let inner = std::mem::take(&mut event.namespaces);
    let mut take = |elements: &mut Vec<Element>| {
        for element in elements {
            resolve(element, context, &inner, unbound);
        }
    };
    // Attributes of the event or its ILMD are written as members of them.
    let split = |elements: &mut Vec<Element>| split_attributes(elements, context, &inner);
    event.attributes = split(&mut event.extensions);
    if let Some(ilmd) = &mut event.ilmd {
        ilmd.attributes = split(&mut ilmd.elements);
        take(&mut ilmd.elements);
    }
    take(&mut event.extensions);
    if let Some(declaration) = &mut event.error_declaration {
        take(&mut declaration.extensions);
    }
    for place in [&mut event.read_point, &mut event.biz_location]
        .into_iter()
        .flatten()
    {
        take(&mut place.extensions);
    }
    for sensor in event.sensor_elements.iter_mut().flatten() {
        take(&mut sensor.extensions);
        for fields in sensor.metadata.iter_mut().chain(&mut sensor.reports) {
            take(&mut fields.extensions);
        }
    }
    event.namespaces = inner;
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty()
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}
