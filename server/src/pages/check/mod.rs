//! What must hold for every page, checked over all samples: strict content security (no inline script or style), a name
//! for every image and field, the form token in every form that posts, environment and object in the title (URS-CN-009),
//! and contrast of every pair of colours the stylesheet uses (WCAG 2.2, 1.4.3).

mod contrast;
mod html;

use super::{
    asset::{ASSETS, STYLESHEET},
    frame::{Environment, Theme},
    view::samples::{Fill, Sample, samples_render},
};
use html::{Element, elements};

/// Runs `fault` over every sample page and fails with everything it names.
fn check(fault: impl Fn(&Sample, &[Element]) -> Vec<String>) {
    let mut faults = Vec::new();
    let mut pages = 0;
    for fill in Fill::ALL {
        for sample in samples_render(fill, Theme::System).expect("every template renders") {
            let found = fault(&sample, &elements(&sample.html));
            faults.extend(
                found
                    .into_iter()
                    .map(|fault| format!("{} ({}): {fault}", sample.name, fill.name())),
            );
            pages += 1;
        }
    }
    assert!(pages >= 90, "only {pages} sample pages");
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn no_page_has_inline_script_style_or_handler() {
    check(|_, elements| {
        let is_inline = |element: &Element| {
            element.name == "style"
                || element
                    .attributes
                    .iter()
                    .any(|(name, _)| name == "style" || name.starts_with("on"))
                || (element.name == "script"
                    && (!element.text.trim().is_empty() || element.attribute("src").is_none()))
        };
        elements
            .iter()
            .filter(|element| is_inline(element))
            .map(|element| format!("inline {element}"))
            .collect()
    });
}

#[test]
fn nothing_comes_from_another_host_and_every_static_file_exists() {
    check(|_, elements| {
        let mut faults = Vec::new();
        for element in elements.iter().filter(|element| {
            ["script", "link", "img", "use", "iframe"].contains(&element.name.as_str())
        }) {
            let Some(source) = element
                .attribute("src")
                .or_else(|| element.attribute("href"))
            else {
                continue;
            };
            let path = source.split('#').next().unwrap_or_default();
            match path.strip_prefix("/static/") {
                Some(path) if ASSETS.iter().any(|asset| asset.path == path) => {}
                _ => faults.push(format!("loads {source}")),
            }
        }
        faults
    });
}

#[test]
fn every_icon_a_page_names_is_drawn() {
    let icons = ASSETS
        .iter()
        .find(|asset| asset.path == "icons.svg")
        .expect("the icons are embedded");
    let icons = std::str::from_utf8(icons.bytes).expect("the icons are text");
    check(|_, elements| {
        elements
            .iter()
            .filter(|element| element.name == "use")
            .filter_map(|element| element.attribute("href")?.split_once('#'))
            .filter(|(_, icon)| !icons.contains(&format!("id=\"{icon}\"")))
            .map(|(_, icon)| format!("no icon {icon}"))
            .collect()
    });
}

#[test]
fn every_image_has_a_name_or_is_hidden_from_readers() {
    check(|_, elements| {
        let is_named = |element: &&Element| {
            element.attribute("aria-hidden") == Some("true")
                || element
                    .attribute("aria-label")
                    .is_some_and(|label| !label.is_empty())
                || element.attribute("alt").is_some()
        };
        elements
            .iter()
            .filter(|element| element.name == "svg" || element.name == "img")
            .filter(|element| !is_named(element))
            .map(|element| format!("no name: {element}"))
            .collect()
    });
}

#[test]
fn every_field_has_exactly_one_label_and_ids_are_unique() {
    check(|_, elements| {
        let mut faults = Vec::new();
        for element in elements
            .iter()
            .filter(|element| ["input", "select", "textarea"].contains(&element.name.as_str()))
        {
            if element.attribute("type") == Some("hidden") {
                continue;
            }
            let id = element.attribute("id").unwrap_or_default();
            let labels = elements
                .iter()
                .filter(|label| label.name == "label" && label.attribute("for") == Some(id))
                .count();
            if id.is_empty() || labels != 1 {
                faults.push(format!("{labels} labels: {element}"));
            }
        }
        let mut ids: Vec<&str> = elements
            .iter()
            .filter_map(|element| element.attribute("id"))
            .collect();
        ids.sort_unstable();
        faults.extend(
            ids.windows(2)
                .filter(|pair| pair[0] == pair[1])
                .map(|pair| format!("id twice: {}", pair[0])),
        );
        for described in elements
            .iter()
            .filter_map(|element| element.attribute("aria-describedby"))
        {
            if !ids.contains(&described) {
                faults.push(format!("nothing has the id {described}"));
            }
        }
        faults
    });
}

#[test]
fn every_button_says_what_it_does() {
    check(|_, elements| {
        elements
            .iter()
            .filter(|element| element.name == "button" && element.text.trim().is_empty())
            .filter(|element| element.attribute("aria-label").is_none_or(str::is_empty))
            .map(|element| format!("no words: {element}"))
            .collect()
    });
}

#[test]
fn every_form_that_posts_carries_the_form_token() {
    check(|sample, _| {
        let mut faults = Vec::new();
        for form in sample.html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap_or_default();
            let posts = form
                .split('>')
                .next()
                .unwrap_or_default()
                .contains("method=\"post\"");
            let has_token = form.contains("name=\"csrf\" value=\"sample-form-token\"");
            if posts != has_token {
                faults.push(format!(
                    "posts {posts}, token {has_token}: <form{}",
                    &form[..form.len().min(90)]
                ));
            }
        }
        faults
    });
}

#[test]
fn no_form_stands_in_a_form() {
    check(|sample, _| {
        let parts = sample.html.split("<form").skip(1);
        let is_open = |part: &&str| !part.contains("</form>");
        parts
            .filter(is_open)
            .map(|part| {
                format!(
                    "not closed before the next: <form{}",
                    part.lines().next().unwrap_or_default()
                )
            })
            .collect()
    });
}

#[test]
fn the_title_and_the_band_name_the_environment_and_the_object() {
    check(|sample, elements| {
        let title = elements
            .iter()
            .find(|element| element.name == "title")
            .map(|element| element.text.clone())
            .unwrap_or_default();
        let environment = [
            Environment::Test,
            Environment::Validation,
            Environment::Production,
        ]
        .into_iter()
        .find(|environment| title.starts_with(environment.word()));
        let Some(environment) = environment else {
            return vec![format!("no environment in {title}")];
        };
        let mut faults = Vec::new();
        if !title.contains(&html::escaped(&sample.object)) {
            faults.push(format!("{title} does not name {}", sample.object));
        }
        if !sample
            .html
            .contains(&format!("<strong>{}</strong>", environment.word()))
        {
            faults.push("no band".to_owned());
        }
        if !sample
            .html
            .contains(&format!("class=\"environment-{}\"", environment.class()))
        {
            faults.push("the body does not know its environment".to_owned());
        }
        faults
    });
}

#[test]
fn markup_in_data_is_shown_and_never_obeyed() {
    check(|sample, elements| {
        let is_obeyed = elements.iter().any(|element| element.name == "b");
        let is_shown_twice_escaped =
            sample.html.contains("&amp;lt;") || sample.html.contains("&#38;#60;");
        [
            (is_obeyed, "obeys <b>"),
            (is_shown_twice_escaped, "escapes twice"),
        ]
        .into_iter()
        .filter(|(is_fault, _)| *is_fault)
        .map(|(_, fault)| fault.to_owned())
        .collect()
    });
}

#[test]
fn every_row_that_opens_has_a_link_for_those_without_a_script() {
    check(|sample, _| {
        sample
            .html
            .split("<tr data-href=\"")
            .skip(1)
            .filter_map(|row| {
                let (href, rest) = row.split_once('"')?;
                let row = rest.split("</tr>").next()?;
                (!row.contains(&format!("href=\"{href}\""))).then(|| format!("no link to {href}"))
            })
            .collect()
    });
}

#[test]
fn colours_live_in_the_tokens_alone() {
    let (_, after_tokens) = STYLESHEET
        .split_once("/* Base:")
        .expect("the base follows the tokens");
    for (number, line) in after_tokens.lines().enumerate() {
        let is_literal = line.split([' ', ':', ',', '(', ';']).any(|word| {
            word.len() >= 4
                && word.starts_with('#')
                && word[1..]
                    .chars()
                    .all(|character| character.is_ascii_hexdigit())
        });
        assert!(
            !is_literal && !line.contains("rgb("),
            "line {number} sets a colour of its own: {line}"
        );
    }
}

#[test]
fn every_token_a_style_uses_is_defined() {
    for used in STYLESHEET.split("var(--").skip(1) {
        let name = used.split([')', ',']).next().unwrap_or_default();
        assert!(
            STYLESHEET.contains(&format!("--{name}:")),
            "--{name} is used and not defined"
        );
    }
}
