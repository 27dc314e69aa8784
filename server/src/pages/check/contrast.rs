//! Contrast of the stylesheet's colour pairs in both themes, computed from the tokens as WCAG 2.2 defines it: 4.5:1 for
//! text (1.4.3), 3:1 for borders of controls and icons (1.4.11).

use crate::pages::asset::STYLESHEET;

type Rgb = [f64; 3];

/// Text on ground, for every pair the stylesheet puts together.
const TEXT_PAIRS: &[(&str, &str)] = &[
    ("ink", "ground"),
    ("ink", "raised"),
    ("ink", "tint-accent"),
    ("ink", "tint-good"),
    ("ink", "tint-attention"),
    ("ink", "tint-bad"),
    ("ink", "tint-info"),
    ("quiet", "ground"),
    ("quiet", "raised"),
    ("accent", "ground"),
    ("accent", "raised"),
    ("accent", "tint-accent"),
    ("good", "ground"),
    ("good", "raised"),
    ("attention", "ground"),
    ("attention", "raised"),
    ("attention", "tint-attention"),
    ("bad", "ground"),
    ("bad", "raised"),
    ("bad", "tint-bad"),
    ("info", "ground"),
    ("info", "raised"),
    ("on-accent", "accent"),
    ("on-bad", "bad"),
    ("on-band-test", "band-test"),
    ("on-band-validation", "band-validation"),
    ("ground", "ink"),
];

const SHAPE_PAIRS: &[(&str, &str)] = &[
    ("line-strong", "ground"),
    ("line-strong", "raised"),
    ("accent", "line"),
];

fn check(pairs: &[(&str, &str)], ratio_min: f64) {
    for theme in [0, 1] {
        for (front, back) in pairs {
            let ratio = contrast(token(front, theme), token(back, theme));
            assert!(
                ratio >= ratio_min,
                "{front} on {back}, theme {theme}: {ratio:.2}"
            );
        }
    }
}

#[test]
fn text_can_be_read_in_both_themes() {
    check(TEXT_PAIRS, 4.5);
}

#[test]
fn controls_can_be_seen_in_both_themes() {
    check(SHAPE_PAIRS, 3.0);
}

#[test]
fn contrast_is_computed_as_the_standard_says() {
    assert!((contrast([0.0; 3], [255.0; 3]) - 21.0).abs() < 0.01);
    assert!((contrast([119.0; 3], [255.0; 3]) - 4.48).abs() < 0.01);
}

/// The colour of a token in the light (0) or dark (1) theme.
fn token(name: &str, theme: usize) -> Rgb {
    let start = format!("--{name}: ");
    let value = STYLESHEET
        .split(&start)
        .nth(1)
        .and_then(|rest| rest.split(';').next())
        .unwrap_or_default();
    if let Some(pair) = value.strip_prefix("light-dark(") {
        let colours: Vec<&str> = pair.trim_end_matches(')').split(", ").collect();
        return hexadecimal(colours[theme]);
    }
    // color-mix(in srgb, var(--tone) 10%, var(--ground))
    let tone = value
        .split("var(--")
        .nth(1)
        .and_then(|rest| rest.split(')').next())
        .unwrap_or_default();
    assert!(
        value.contains(" 10%, var(--ground)"),
        "--{name} is {value:?}"
    );
    let (tone, ground) = (token(tone, theme), token("ground", theme));
    std::array::from_fn(|channel| tone[channel] * 0.1 + ground[channel] * 0.9)
}

fn hexadecimal(colour: &str) -> Rgb {
    std::array::from_fn(|channel| {
        f64::from(
            u8::from_str_radix(&colour[1 + channel * 2..3 + channel * 2], 16)
                .expect("a token is #rrggbb"),
        )
    })
}

fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(colour: Rgb) -> f64 {
    let linear = colour.map(|channel| {
        let share = channel / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}
