//! The register of stable codes: one for everything Packtwin refuses, warns of or asks.
//!
//! A code is the same in page, file, API and webhook, and never changes its meaning (users.md, section 5). Each knows the
//! one sentence that says what to do. The text of a single case, with its values, is written where the case is found.

use std::fmt;

/// Declares the register: variant, code as printed, title, remedy.
macro_rules! codes {
    ($($variant:ident $text:literal $title:literal => $remedy:literal;)*) => {
        /// A stable, documented, searchable code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// Every code there is, in the order of the register.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// The code as printed.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }

            /// What happened, in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Code::$variant => $title,)* }
            }

            /// What the reader can do about it.
            pub const fn remedy(self) -> &'static str {
                match self { $(Code::$variant => $remedy,)* }
            }
        }
    };
}

codes! {
    UploadAlreadyReceived "UPL-001" "This file was already received" => "Open that upload; nothing was stored again.";
    UploadEmpty "UPL-002" "The file is empty" => "Export the file again and upload it.";
    UploadTooLarge "UPL-003" "The file is larger than this site takes" => "Split the file by lot, or ask the operator to raise the limit.";
    UploadNotRecognised "UPL-004" "The file could not be recognised" => "Choose a template or map the columns.";
    UploadCut "UPL-005" "The file ends in the middle" => "Export the file again; the last rows are missing.";
    UploadUnsafe "UPL-006" "The file holds something that is never opened" => "Remove the named part and upload again.";
    UploadMappingNeeded "UPL-007" "The columns have no meaning yet" => "Map the columns once; the mapping is kept for the partner.";
    UploadBinary "UPL-008" "The file is no text, workbook or XML" => "Upload CSV, XLSX or EPCIS XML.";
    UploadCodeCheckDigit "UPL-010" "Wrong check digit" => "Correct it or accept the proposal.";
    UploadSerialLength "UPL-011" "Serial is too long" => "A serial has 1 to 20 characters; correct the row.";
    UploadSerialCharacter "UPL-012" "Serial has a character that no GS1 code can carry" => "Correct the row.";
    UploadSerialTwiceInFile "UPL-013" "The same serial twice in this file" => "Keep the first, or reject the lot.";
    UploadSerialTaken "UPL-014" "The serial already exists for this product" => "It cannot be used again; take the pack out of the lot.";
    UploadSerialNotFromPool "UPL-015" "The serial is not from an assigned pool" => "Ask the owner to assign it, or mark it as external.";
    UploadSpreadsheetNumber "UPL-016" "Serials were changed by a spreadsheet" => "Format the column as text and upload again.";
    UploadLeadingZeroLost "UPL-017" "Leading zeros are missing" => "Accept the proposal, say that the values are right as they are, or format the column as text and upload again.";
    UploadSerialEmpty "UPL-018" "The serial is missing" => "Fill the serial or remove the row.";
    UploadFormula "UPL-019" "The cell holds a formula" => "Paste values instead of formulas and upload again.";
    UploadExpiryFormat "UPL-020" "The expiry is not a date" => "Write YYMMDD, or accept the proposal.";
    UploadTwoExpiries "UPL-021" "Two expiry dates in one lot" => "One lot has one expiry; correct the file.";
    UploadOtherVersion "UPL-022" "The lot belongs to another product version" => "A lot cannot move to another version; choose another lot name.";
    UploadCodeMalformed "UPL-023" "This is no product code" => "Write a GTIN, NTIN or PPN.";
    UploadProductUnknown "UPL-024" "The product is not known here" => "Add the product, then check the file again.";
    UploadBatchMalformed "UPL-025" "The batch number is not allowed" => "A batch number has 1 to 20 characters of the GS1 set; correct the row.";
    UploadExpiryPassed "UPL-026" "The expiry has passed" => "Check the date. Packs that have expired can be stored and sent, and nobody may dispense them.";
    UploadExpiryMissing "UPL-027" "The expiry is missing" => "Fill the expiry, or give it as a fixed value in the mapping.";
    UploadBatchMissing "UPL-028" "The batch number is missing" => "Fill the batch number, or give it as a fixed value in the mapping.";
    UploadColumnCount "UPL-029" "The row has another number of columns than the heading" => "Check separators and quotes in this row.";
    UploadMarketNotReleased "UPL-030" "The product is not released for a market" => "Add the market in a new version and send it first.";
    UploadLotRecalled "UPL-031" "The lot is recalled or its product withdrawn in a market" => "Packs must not be added for that market; those for other markets can.";
    UploadExpiryDiffersFromLot "UPL-032" "The lot is stored with another expiry" => "One lot has one expiry; correct the file or the lot.";
    UploadManufacturedDiffersFromLot "UPL-033" "The lot is stored with another manufacturing date" => "One lot has one manufacturing date; correct the file.";
    UploadConnectionBroken "UPL-040" "The connection broke" => "Choose the same file to continue; nothing is lost.";
    UploadOffset "UPL-041" "The part does not continue where the file ended" => "Ask for the offset and send from there.";
    UploadHash "UPL-042" "The received bytes differ from the announced hash" => "Send the file again.";
    UploadState "UPL-043" "The upload is not in a state that allows this" => "Look at the upload and go on from there.";
    UploadTooManyLots "UPL-044" "The file holds more lots than one upload may" => "Split the file.";
    UploadNothingToCommit "UPL-045" "No correct lot was chosen" => "Choose at least one lot without errors.";
    UploadEncoding "UPL-046" "Bytes that are no text in the file's encoding" => "Save the file as UTF-8 and upload again.";
    UploadSpace "UPL-047" "Trailing or leading spaces" => "Accept the proposal.";
    UploadXml "UPL-048" "The XML is not well formed" => "Export the document again; the named line breaks the rules of XML.";
    UploadNotCommissioning "UPL-049" "The document holds no commissioning" => "Send the commissioning events (ObjectEvent, action ADD).";
    UploadDryRun "UPL-050" "The upload is a dry run" => "Send the same file again without dry_run to store it.";
    UploadNotTaken "UPL-051" "The file holds more than was taken from it, or hides something" => "See that no pack is missing; choose another sheet in the mapping, or send that part in a file of its own.";
    EpcisTimeZoneMissing "EPC-101" "The event time has no time zone" => "Add an offset such as +02:00, or Z.";
    EpcisBizStepUnknown "EPC-102" "The business step is unknown" => "Use a CBV value.";
    EpcisBeforeCommissioning "EPC-103" "The event is dated before the commissioning of its items" => "Check the event time, or send the commissioning with the right time.";
    EpcisPrefixUnclear "EPC-104" "The EPC cannot be read" => "Check the EPC; company prefix and reference must have 13 digits together.";
    EpcisLotMissing "EPC-105" "The commissioning names no lot or expiry" => "Add lotNumber and itemExpirationDate to the event's ILMD.";
    EpcisTwoParents "EPC-110" "The item already has another parent" => "Send an unpack first, or use the workbench.";
    EpcisNotCommissioned "EPC-111" "The item is not commissioned" => "Send its commissioning, or let us create it.";
    EpcisLevelWrong "EPC-112" "This level cannot contain that one" => "Correct the level of one of the two, or pack it into another container.";
    EpcisCommissionedTwice "EPC-113" "The item is commissioned a second time" => "A serial comes into being once; take the second event out.";
    EpcisNotInParent "EPC-114" "The item is not in the parent it is taken out of" => "Send the packing first, or correct the parent.";
    EpcisAfterEnd "EPC-115" "The item is used after it was decommissioned or destroyed" => "Check serial and order of the events.";
    EpcisStepDoesNotFit "EPC-116" "The business step does not fit the type of event" => "Commission and decommission in object events, pack and unpack in aggregation events.";
    EpcisLocationUnknown "EPC-120" "The document names a place or product without master data" => "Add it to the master data of the header.";
    EpcisStatementMissing "EPC-121" "The transaction statement is missing" => "Add dscsaTransactionStatement to the header, affirmed and with the legal notice.";
    EpcisPartyMissing "EPC-122" "The shipment does not name its parties" => "Add owning_party and location to sourceList and destinationList.";
    EpcisTransactionMissing "EPC-123" "The shipment names no order or despatch advice" => "Add the purchase order (po) and the despatch advice (desadv) or invoice (inv).";
    EpcisWrapped "EPC-130" "The document is wrapped in another one" => "Nothing to do; the EPCIS document inside was read.";
    EpcisNamespaceWrong "EPC-131" "The namespace is missing or not that of EPCIS" => "Qualify the root element, and only the root element, with the namespace of the standard.";
    EpcisVersionUnknown "EPC-132" "The schema version does not exist" => "Write 1.2 or 2.0: the version of EPCIS, not that of a guideline.";
    EpcisSpace "EPC-133" "Spaces around or inside a value" => "Write the value without them.";
    EpcisWrongPlace "EPC-134" "An element stands where the schema does not allow it" => "Write the elements in the order of the schema.";
    EpcisTimeMalformed "EPC-135" "This is no point in time" => "Write it as 2026-11-22T14:50:14.000Z or with an offset.";
    EpcisZoneOffsetMalformed "EPC-136" "The time zone offset is missing or malformed" => "Write an offset such as +02:00.";
    EpcisFieldMissing "EPC-137" "A field that the event needs is missing" => "Add the field.";
    EpcisFieldUnknown "EPC-138" "A field without namespace that EPCIS does not know" => "Correct its name, or give it a namespace of your own.";
    EpcisFieldWrong "EPC-139" "A field has a value that is not allowed" => "Correct the value.";
    EpcisTwice "EPC-140" "The same value stands twice in one list" => "Name it once.";
    EpcisEventUnknown "EPC-141" "There is no such type of event" => "Use one of the five types of EPCIS 2.0, or a type with a namespace of your own.";
    EpcisVocabularyUnknown "EPC-142" "A standard vocabulary does not have this value" => "Use a CBV value, or a URI of your own.";
    EpcisPrefixUnbound "EPC-143" "A prefix or context is not known" => "Bind the prefix in @context or with xmlns.";
    EpcisJson "EPC-144" "The JSON is not well formed" => "Export the document again; the named line breaks the rules of JSON.";
    EpcisEventTooLarge "EPC-145" "The event is larger than this site takes" => "Split the event.";
    EpcisTimeAhead "EPC-146" "The event is dated in the future" => "Check the clock of the system that wrote it, and correct the event time.";
    EpcisQueryNotAnswered "EPC-150" "The query asks for what this site does not answer" => "Leave the parameter out.";
    EpcisEventTaken "EPC-151" "Another event has this identifier" => "Give the event an identifier of its own, or declare the first one wrong.";
    EpcisEventRepeated "EPC-152" "The event was captured before" => "Nothing to do; it is kept once.";
    EpcisQueryTaken "EPC-153" "A query of this name exists" => "Choose another name, or delete the query first.";
    EpcisQueryTooLarge "EPC-154" "More events match than were asked for at most" => "Narrow the query, or read it page by page.";
    EpcisCaptureLimit "EPC-155" "The document is larger than one capture may be" => "Split the document.";
    HierarchyShipped "AGG-402" "The units have been shipped" => "The change needs a correction to the partner; see the preview.";
    HierarchyCycle "AGG-403" "A container would be inside itself" => "Check which of the two holds the other; the packing may stand in another file.";
    HierarchyTooDeep "AGG-404" "Too many containers inside each other" => "Leave out levels, or ask the operator to raise the limit.";
    HierarchyShippedTwice "AGG-405" "It is on its way already" => "Send its receipt, or void the first shipment.";
    HierarchyNotShipped "AGG-406" "It was not shipped" => "Send the shipment first.";
    HierarchyInside "AGG-407" "It is inside a container" => "Name the container, or unpack it first.";
    HierarchyNotEmpty "AGG-408" "The container is not empty" => "Unpack it or move what it holds, then void it.";
    HierarchyContentEnded "AGG-409" "Something inside is decommissioned or destroyed" => "Take it out of the container, then repeat.";
    HierarchyForeignGoods "AGG-410" "The container is for one product and lot" => "Take the others out, or pack them into a container without product and lot of its own.";
    HierarchyOverfull "AGG-411" "More than the container is made for" => "Check what was packed, or correct the quantity in the product's data.";
    HierarchyNoContainer "AGG-412" "Only a container can be voided" => "Decommission or destroy the unit instead.";
    HierarchyReplacementLevel "AGG-413" "The replacement is of another level" => "Replace a unit with a unit and a case with a case.";
    HierarchyNamedTwice "AGG-414" "The same one is named twice" => "Name it once.";
    HierarchyNothingNamed "AGG-415" "Nothing is named" => "Name at least one pack or container.";
    HierarchyTooMany "AGG-416" "More are named than one fact may" => "Split the event.";
    HierarchyMissing "AGG-420" "Something is missing in the container" => "Look for it, or correct the hierarchy before it is shipped.";
    HierarchyExtra "AGG-421" "The container holds more than the line reported" => "Take it out, or correct the report.";
    HierarchyUnknown "AGG-422" "The line reported something that does not exist" => "Send its commissioning, or correct the report.";
    RoleInUse "USR-001" "Somebody has this role" => "Give these people other roles first.";
    RoleOfRelease "USR-002" "The role is part of the release" => "Make a role of your own.";
    ProductCodeTaken "PRD-001" "The product code is already in use on this site" => "Check the code; if it is yours, ask the operator of the site.";
    ProductCodeWrong "PRD-002" "The product code is not valid" => "Correct the code.";
    ProductFieldMissing "PRD-003" "A field is missing" => "Fill the field.";
    ProductFieldWrong "PRD-004" "A field has a value that is not allowed" => "Correct the field.";
    ProductVersionInUse "PRD-005" "Lots exist for this version" => "Create a new version.";
    HubFieldEmpty "HUB-201" "The hub needs a field that is empty" => "Fill it and send again.";
    HubNotConfirmed "HUB-202" "The hub has not confirmed yet" => "It is still queued; no action needed.";
    HubCertificate "HUB-203" "The certificate does not let us through" => "Renew it under connectors.";
    HubMarketsFixed "HUB-204" "Markets cannot be changed for a version in use" => "Create a new version.";
    HubProductNotAcknowledged "HUB-205" "The hub does not know this product version yet" => "Send the product version first; the packs wait.";
    HubRefused "HUB-206" "The hub refused the message" => "Read the hub's reasons, mend the data and send again.";
    HubUnknownOutcome "HUB-207" "The outcome is unknown" => "Packtwin asks the hub before it sends again; no action needed.";
    HubPaused "HUB-208" "The connector is paused" => "Resume it under connectors.";
    HubDifference "HUB-210" "Sent and confirmed differ" => "Send the difference.";
    HubIrreversible "HUB-211" "This cannot be undone" => "Confirm with the number of packs and a reason.";
    HubTestOnly "HUB-212" "Test data cannot go to a production far side" => "Use the endpoint of this environment.";
    LotNotFound "LOT-001" "There is no such lot" => "Check product code and batch number.";
    LotNothingToSend "LOT-002" "There is nothing to send" => "All stored packs of this lot are sent.";
    LotRecalled "LOT-003" "The lot is already recalled" => "A recall or withdrawal is final in its market and cannot be changed.";
    VerificationUnavailable "VER-310" "No answer in time; the pack is not judged" => "Ask again with the same Idempotency-Key, or queue it; nothing is done twice.";
    AlertMoveRefused "ALR-502" "The alert cannot be moved like this" => "Read what stands against it, correct it and decide again.";
    Unauthenticated "SEC-700" "You are not signed in" => "Sign in, or send a valid key.";
    OtherEnvironment "SEC-701" "The key belongs to another environment" => "Use a key of this environment.";
    Forbidden "SEC-702" "Your role does not allow this" => "Ask your administrator for the role.";
    SignInFailed "SEC-703" "Name or password is wrong" => "Try again, or ask your administrator for a new password.";
    SignInThrottled "SEC-704" "Too many failed attempts" => "Wait, then try again.";
    PasswordWeak "SEC-705" "The password cannot be used" => "Choose at least 12 characters that are on no list of known passwords.";
    CsrfMissing "SEC-706" "The form is too old" => "Load the page again and repeat.";
    NotFound "REQ-404" "There is nothing here under this name" => "Check the address.";
    MethodNotAllowed "REQ-405" "This address does not know that method" => "Look at the API description.";
    NotAcceptable "REQ-406" "None of the accepted forms is answered here" => "Accept one of the named forms.";
    RequestMalformed "REQ-400" "The request cannot be read" => "Correct the named places.";
    RequestTooLarge "REQ-413" "The request is too large" => "Send less at once.";
    ContentTypeWrong "REQ-415" "The content type is not the one this address takes" => "Send the named content type.";
    IdempotencyMismatch "REQ-409" "The same key came with another request" => "Use a new Idempotency-Key for a new request.";
    IdempotencyBusy "LIM-902" "The first request with this key is still being worked on" => "Wait as long as Retry-After says, then send the same request with the same key again.";
    PreconditionFailed "REQ-412" "Someone changed this meanwhile" => "Load it again and repeat your change.";
    PreconditionRequired "REQ-428" "The change names no version" => "Send If-Match with the ETag you read.";
    CursorMalformed "REQ-422" "The cursor is not one of ours" => "Start again without a cursor.";
    WebhookAddress "WHK-001" "The webhook address is not allowed" => "Use https, a public name and an allowed port.";
    TooManyCalls "LIM-901" "Too many calls" => "Wait, then go on.";
    StorageFull "SYS-001" "The site has no room left" => "Nothing was stored; tell the operator.";
    Unavailable "SYS-002" "The site cannot answer now" => "Try again; nothing was changed.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_given_twice() {
        let mut seen: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        seen.sort_unstable();
        let all = seen.len();
        seen.dedup();
        assert_eq!(seen.len(), all);
    }

    #[test]
    fn every_remedy_is_a_sentence() {
        for code in Code::ALL {
            assert!(code.remedy().ends_with('.'), "{code}");
            assert!(!code.title().ends_with('.'), "{code}");
        }
    }
}
