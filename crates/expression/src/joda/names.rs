//! Names of months, weekdays, halves of the day and eras, by language.

use super::civil::{MONTHS, WEEKDAYS};

/// The names of one language.
#[derive(Debug)]
pub struct Names {
    pub(super) months: [&'static str; 12],
    pub(super) short_months: [&'static str; 12],
    /// From Monday.
    pub(super) weekdays: [&'static str; 7],
    pub(super) short_weekdays: [&'static str; 7],
    pub(super) halves: [&'static str; 2],
    /// Before and after.
    pub(super) eras: [&'static str; 2],
}

impl Names {
    /// The names of a locale such as `fr`, `fr-CA` or `fr_CA`; without one English ones. `None` for languages that are
    /// not known here.
    pub fn of_locale(locale: &str) -> Option<&'static Names> {
        let language = locale.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        match language.as_str() {
            "" | "en" => Some(&Names::ENGLISH),
            language => LANGUAGES.iter().find(|(known, _)| *known == language).map(|(_, names)| names),
        }
    }

    pub const ENGLISH: Names = Names {
        months: MONTHS,
        short_months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        weekdays: WEEKDAYS,
        short_weekdays: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        halves: ["AM", "PM"],
        eras: ["BC", "AD"],
    };
}

static LANGUAGES: [(&str, Names); 6] = [
    (
        "fr",
        Names {
            months: [
                "janvier",
                "février",
                "mars",
                "avril",
                "mai",
                "juin",
                "juillet",
                "août",
                "septembre",
                "octobre",
                "novembre",
                "décembre",
            ],
            short_months: [
                "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.",
            ],
            weekdays: ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
            short_weekdays: ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."],
            halves: ["AM", "PM"],
            eras: ["av. J.-C.", "ap. J.-C."],
        },
    ),
    (
        "de",
        Names {
            months: [
                "Januar",
                "Februar",
                "März",
                "April",
                "Mai",
                "Juni",
                "Juli",
                "August",
                "September",
                "Oktober",
                "November",
                "Dezember",
            ],
            short_months: [
                "Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez.",
            ],
            weekdays: ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
            short_weekdays: ["Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So."],
            halves: ["AM", "PM"],
            eras: ["v. Chr.", "n. Chr."],
        },
    ),
    (
        "es",
        Names {
            months: [
                "enero",
                "febrero",
                "marzo",
                "abril",
                "mayo",
                "junio",
                "julio",
                "agosto",
                "septiembre",
                "octubre",
                "noviembre",
                "diciembre",
            ],
            short_months: ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"],
            weekdays: ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
            short_weekdays: ["lun", "mar", "mié", "jue", "vie", "sáb", "dom"],
            halves: ["a. m.", "p. m."],
            eras: ["a. C.", "d. C."],
        },
    ),
    (
        "it",
        Names {
            months: [
                "gennaio",
                "febbraio",
                "marzo",
                "aprile",
                "maggio",
                "giugno",
                "luglio",
                "agosto",
                "settembre",
                "ottobre",
                "novembre",
                "dicembre",
            ],
            short_months: ["gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic"],
            weekdays: ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"],
            short_weekdays: ["lun", "mar", "mer", "gio", "ven", "sab", "dom"],
            halves: ["AM", "PM"],
            eras: ["a.C.", "d.C."],
        },
    ),
    (
        "pt",
        Names {
            months: [
                "janeiro",
                "fevereiro",
                "março",
                "abril",
                "maio",
                "junho",
                "julho",
                "agosto",
                "setembro",
                "outubro",
                "novembro",
                "dezembro",
            ],
            short_months: [
                "jan.", "fev.", "mar.", "abr.", "mai.", "jun.", "jul.", "ago.", "set.", "out.", "nov.", "dez.",
            ],
            weekdays: [
                "segunda-feira",
                "terça-feira",
                "quarta-feira",
                "quinta-feira",
                "sexta-feira",
                "sábado",
                "domingo",
            ],
            short_weekdays: ["seg.", "ter.", "qua.", "qui.", "sex.", "sáb.", "dom."],
            halves: ["AM", "PM"],
            eras: ["a.C.", "d.C."],
        },
    ),
    (
        "nl",
        Names {
            months: [
                "januari",
                "februari",
                "maart",
                "april",
                "mei",
                "juni",
                "juli",
                "augustus",
                "september",
                "oktober",
                "november",
                "december",
            ],
            short_months: [
                "jan.", "feb.", "mrt.", "apr.", "mei", "jun.", "jul.", "aug.", "sep.", "okt.", "nov.", "dec.",
            ],
            weekdays: ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"],
            short_weekdays: ["ma", "di", "wo", "do", "vr", "za", "zo"],
            halves: ["a.m.", "p.m."],
            eras: ["v.Chr.", "n.Chr."],
        },
    ),
];
