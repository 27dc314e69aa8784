//! What a column heading means, in the five languages in which partners write them.
//!
//! Headings are compared without case, accents, spaces and punctuation, and without what is in brackets: `Ch.-B.`,
//! `CHB` and `Ch. B. (Lot)` are one word. A heading that is not in the table means nothing; its values may still.

use crate::mapping::Field;

/// The words for each field, already in the form [`plain`] gives.
const WORDS: [(Field, &[&str]); 6] = [
    (
        Field::Serial,
        &[
            "serial",
            "serialnumber",
            "serialno",
            "serialnr",
            "serialnum",
            "serials",
            "sn",
            "sernr",
            "serno",
            "sno",
            "snr",
            "uniqueserialnumber",
            "unitserial",
            "unitserialnumber",
            "packserial",
            "packserialnumber",
            "itemserial",
            "serialcode",
            "ai21",
            "uid",
            "seriennummer",
            "seriennr",
            "serien",
            "packungsseriennummer",
            "individuelleseriennummer",
            "numerodeserie",
            "nodeserie",
            "numserie",
            "numeroserie",
            "nserie",
            "nserial",
            "ndeserie",
            "serie",
            "numerodeserieunique",
            "numerodiserie",
            "seriale",
            "numeroseriale",
            "codiceseriale",
            "numserieunico",
            "serialid",
        ],
    ),
    (
        Field::ProductCode,
        &[
            "gtin",
            "gtin14",
            "gtin13",
            "gtincode",
            "ntin",
            "ppn",
            "pzn",
            "pzn8",
            "productcode",
            "product",
            "productid",
            "productnumber",
            "itemcode",
            "tradeitem",
            "gtinntin",
            "gtinppn",
            "ntinppn",
            "pc",
            "ai01",
            "ean",
            "ean13",
            "eancode",
            "materialcode",
            "produktcode",
            "produktnummer",
            "produkt",
            "artikelnummer",
            "artikelcode",
            "pharmazentralnummer",
            "codeproduit",
            "produit",
            "codegtin",
            "cip",
            "cip13",
            "codecip",
            "codigodeproducto",
            "codigoproducto",
            "producto",
            "codigogtin",
            "codigonacional",
            "codiceprodotto",
            "prodotto",
            "codicegtin",
            "aic",
        ],
    ),
    (
        Field::Batch,
        &[
            "batch",
            "batchnumber",
            "batchno",
            "batchnr",
            "batchid",
            "batchcode",
            "batchlot",
            "lot",
            "lotnumber",
            "lotno",
            "lotnr",
            "lotid",
            "lotcode",
            "lotbatch",
            "batchlotnumber",
            "ai10",
            "charge",
            "chargennummer",
            "chargennr",
            "chargenbezeichnung",
            "charg",
            "chb",
            "ch",
            "chnr",
            "los",
            "losnummer",
            "numerodelot",
            "nodelot",
            "nlot",
            "ndelot",
            "numlot",
            "lote",
            "numerodelote",
            "numlote",
            "nlote",
            "codigodelote",
            "lotto",
            "numerolotto",
            "numerodilotto",
            "nlotto",
            "codicelotto",
        ],
    ),
    (
        Field::Expiry,
        &[
            "expiry",
            "expirydate",
            "expirationdate",
            "expiration",
            "exp",
            "expdate",
            "expires",
            "bestbefore",
            "useby",
            "usebydate",
            "ai17",
            "dateofexpiry",
            "itemexpirationdate",
            "verfall",
            "verfalldatum",
            "verfallsdatum",
            "verwbis",
            "verwendbarbis",
            "haltbarbis",
            "mhd",
            "ablaufdatum",
            "ablauf",
            "gueltigbis",
            "gultigbis",
            "dateexpiration",
            "datedexpiration",
            "dateperemption",
            "datedeperemption",
            "peremption",
            "dlu",
            "caducidad",
            "fechadecaducidad",
            "fechacaducidad",
            "cad",
            "vencimiento",
            "fechadevencimiento",
            "scadenza",
            "datascadenza",
            "datadiscadenza",
            "scad",
        ],
    ),
    (
        Field::Manufactured,
        &[
            "manufacturingdate",
            "manufacturedate",
            "manufactured",
            "mfg",
            "mfgdate",
            "mfd",
            "productiondate",
            "dateofmanufacture",
            "proddate",
            "ai11",
            "herstelldatum",
            "herstellungsdatum",
            "produktionsdatum",
            "hergestellt",
            "datedefabrication",
            "datefabrication",
            "fabrication",
            "fechadefabricacion",
            "fabricacion",
            "datadiproduzione",
            "dataproduzione",
            "datafabbricazione",
        ],
    ),
    (
        Field::Market,
        &[
            "market",
            "country",
            "countrycode",
            "marketcode",
            "destinationmarket",
            "targetmarket",
            "markt",
            "land",
            "laendercode",
            "landercode",
            "zielmarkt",
            "marche",
            "pays",
            "codepays",
            "mercado",
            "pais",
            "mercato",
            "paese",
        ],
    ),
];

/// Words that say how a date is written and not what it is.
const FORMAT_WORDS: [&str; 10] = [
    "yymmdd", "jjmmtt", "yyyymmdd", "jjjjmmtt", "ddmmyyyy", "ttmmjjjj", "mmyyyy", "mmjjjj",
    "ddmmyy", "aammjj",
];

/// The field a heading names; `None` when it is not one of the known words.
pub(crate) fn field_of(heading: &str) -> Option<Field> {
    let known = |text: &str| {
        WORDS
            .iter()
            .find(|(_, words)| words.contains(&text))
            .map(|&(field, _)| field)
    };
    if let Some(field) = bracketed_ai(heading) {
        return Some(field);
    }
    let whole = plain(heading);
    let bare = plain(&without_brackets(heading));
    known(&whole).or_else(|| known(&bare)).or_else(|| {
        FORMAT_WORDS
            .iter()
            .find_map(|word| known(whole.strip_suffix(word)?))
    })
}

/// A heading without case, accents and everything that is neither letter nor digit.
pub(crate) fn plain(heading: &str) -> String {
    let mut plain = String::with_capacity(heading.len());
    for c in heading.chars().flat_map(char::to_lowercase) {
        match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => plain.push('a'),
            'è' | 'é' | 'ê' | 'ë' => plain.push('e'),
            'ì' | 'í' | 'î' | 'ï' => plain.push('i'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' => plain.push('o'),
            'ù' | 'ú' | 'û' | 'ü' => plain.push('u'),
            'ç' => plain.push('c'),
            'ñ' => plain.push('n'),
            'ß' => plain.push_str("ss"),
            // The sign in "n° de lot" stands for "numero" but is left out as often as not.
            '°' | 'º' => {}
            c if c.is_alphanumeric() => plain.push(c),
            _ => {}
        }
    }
    plain
}

/// `(21)` or `21 (serial)`-like headings made of an application identifier alone.
fn bracketed_ai(heading: &str) -> Option<Field> {
    let inner = heading.trim().strip_prefix('(')?.split_once(')')?.0;
    match inner {
        "01" => Some(Field::ProductCode),
        "21" => Some(Field::Serial),
        "10" => Some(Field::Batch),
        "17" => Some(Field::Expiry),
        "11" => Some(Field::Manufactured),
        _ => None,
    }
}

fn without_brackets(heading: &str) -> String {
    let mut depth = 0;
    heading
        .chars()
        .filter(|c| {
            match c {
                '(' | '[' => depth += 1,
                ')' | ']' => depth -= 1,
                _ => return depth <= 0,
            }
            false
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: Option<Field>, headings: &[&str]) {
        for heading in headings {
            assert_eq!(field_of(heading), expected, "{heading:?}");
        }
    }

    #[test]
    fn headings_of_five_languages() {
        check(
            Some(Field::Serial),
            &[
                "SerialNumber",
                "serial_number",
                "S/N",
                "SN",
                "Serien-Nr.",
                "Seriennummer",
                "N° de série",
                "Número de serie",
                "Numero di serie",
                "(21)",
                "Serial No. (21)",
            ],
        );
        check(
            Some(Field::ProductCode),
            &[
                "GTIN",
                "GTIN-14",
                "PZN",
                "NTIN",
                "Produktcode",
                "Product Code",
                "Code produit",
                "Código de producto",
                "(01) GTIN",
            ],
        );
        check(
            Some(Field::Batch),
            &[
                "Batch",
                "LOT",
                "Lot No.",
                "Charge",
                "Ch.-B.",
                "Ch. B. (Lot)",
                "Chargen-Nr.",
                "N° de lot",
                "Lote",
                "Lotto",
            ],
        );
        check(
            Some(Field::Expiry),
            &[
                "ExpirationDate",
                "EXP",
                "Expiry Date (YYMMDD)",
                "Verfall",
                "verwendbar bis",
                "Verw. bis",
                "Date de péremption",
                "Fecha de caducidad",
                "Data di scadenza",
                "Expiry YYMMDD",
            ],
        );
        check(
            Some(Field::Manufactured),
            &["ManufacturingDate", "Herstelldatum"],
        );
        check(Some(Field::Market), &["Market", "Land", "País"]);
        check(None, &["", "Comment", "Operator", "0", "()"]);
    }

    #[test]
    fn no_word_has_two_meanings_and_all_are_plain() {
        let mut all: Vec<&str> = WORDS
            .iter()
            .flat_map(|(_, words)| words.iter().copied())
            .collect();
        assert!(all.iter().all(|word| plain(word) == **word));
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
