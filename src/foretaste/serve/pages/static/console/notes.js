/* What the service says in English of imports, data and lists, in the language of the page. */

import { number, t } from "../base.js";
import { eventTypeName } from "./event_names.js";

/* As gettext calls a text that is marked here and translated where it is shown. */
const N_ = (message) => message;

const IMPORT_NOTES = [
  N_("read as {encoding}, e.g. {words}"),
  N_("read as {encoding}"),
  N_("{count} rows repeat another in all columns, e.g. line {line} repeats line {first}, and count once; what happened twice needs an event_id of its own"),
  N_("columns that are no field of an event were left alone: {columns}"),
  N_("columns that are no list of events were left alone: {columns}"),
  N_("columns that say nothing of taste were left out: {columns}; name it in behaviour.attribute_columns or behaviour.text_columns to keep it"),
  N_("rows that say nothing of taste were left out: {reasons}"),
  N_("column {column} says what people think: took {values}"),
  N_("took column {column} for {words}"),
  N_("took {spellings}"),
  N_("{columns}: how much of its item an event took in, {share}, was taken for its value, from 0 to 1; it counts, as [behaviour.value.{event_type}] says"),
  N_("{columns}: how much of its item an event took in, {share}, was taken for its value, from 0 to 1; [behaviour.value.view] counts = true has it count"),
  N_("events that name no type were taken for type {event_type}, by the file's name or its columns of orders or texts; behaviour.default_event_type says otherwise"),
  N_("{count} rows with {column} below 0 are returns: each takes the last purchase of the item before it back"),
  N_("rows with {column} below 0 were left out: {reasons}"),
  N_("what was paid for the items, {columns}, is the value of these purchases; lists go by it where [rank] goal = \"event_value\" says so"),
  N_("there is no time column: the row number was taken as the time, in seconds, which keeps the order of this file and says nothing else"),
  N_("column {column}: {note}"),
  N_("times like {time} name no time zone and were taken as {zone}; if they are of another, set behaviour.timezone, e.g. Europe/Berlin, and import again with --replace"),
  N_("times are written in several ways, each was read as written: {shares}"),
  N_("ratings from {low} to {high} in steps of {step}; from {liked} on they count as liked (behaviour.positive_rating)"),
  N_("times like {number} were read as days of a spreadsheet, {time}; behaviour.at_unit says otherwise"),
  N_("numbers of {column} are written with a point and with a comma before the decimals; each that can be read in one way only was; see behaviour.locale"),
  N_("prices of {column} are in several currencies ({currencies}) and are compared as they stand"),
  N_("column {column} says which items are hidden, too"),
  N_("column {column} says which items are hidden: {count} of the first {total}"),
  N_("[behaviour.columns.{table}] says {setting}, which is not a column here"),
  N_("{events} without {column} ({visitors}) were joined to the customer who signed in on the same {session}"),
  N_("{events} without {column} ({visitors}) were joined to nobody, as several customers signed in on the same {session}"),
  N_("{visitors} of {session} signed in: what they do without {column} in other files is theirs"),
  N_("an item is {creator} with {title}, as several have made something of one title; creator_in_id = false under [behaviour.files.\"…\"] has titles alone"),
  N_("an item is its {title}, as no column has ids"),
];
const REJECTS = [
  N_("duplicate of line {line}"),
  N_("the first one is in; rows that say something else need an id of their own, or say in one row what is so"),
  N_("unknown item {item}"),
  N_("import the item first (--items), or set behaviour.unknown_items = \"create\""),
  N_("import the item first (--items, or POST it to /v1/items)"),
  N_("unknown event type {event_type}"),
  N_("no time"),
  N_("fill in the time, or leave the column out for all rows"),
  N_("time {time} cannot be read"),
  N_("write ISO 8601, e.g. {example}, or seconds since 1970"),
  N_("time out of range: {time}"),
  N_("expected between {first} and {last}, a day from now"),
  N_("no user and no session"),
  N_("say whose event it is"),
  N_("an item without an id"),
  N_("a user without an id"),
  N_("fill in the id"),
  N_("a rating without a value"),
  N_("fill in the value"),
  N_("{number} is not a number"),
  N_("write a number, or leave the cell empty"),
  N_("a {event_type} without an item"),
  N_("an {event_type} without an item"),
  N_("fill in the item; only a search has none"),
  N_("fill in the item, or the recommendation_id of the list that was seen"),
  N_("a search without words"),
  N_("fill in the query"),
  N_("did you mean {word}? (an event type of your own is named with a weight under [behaviour.event_weights], another name of a known one under [behaviour.event_type_names])"),
  N_("expected one of {words} (an event type of your own is named with a weight under [behaviour.event_weights], another name of a known one under [behaviour.event_type_names])"),
  N_("a quote is not closed, or stands inside a field ({reason})"),
  N_("close it, and write a \" inside a quoted field as \"\""),
  N_("{count} fields where the header has {expected}"),
  N_("{count} fields where the header has {expected}, and the file ends here as if cut off"),
  N_("put quotes around a field that holds {mark}, or write the row again"),
];
const DATA_WARNINGS = [
  N_("Nothing was taken: there is nothing to learn from. Import items and events first."),
  N_("{count} of {total} read were rejected; they are in {files}."),
  N_("{count} of {total} read were rejected."),
  N_("{events} ({share}) name items that are not in the catalogue and teach nothing: import those items."),
  N_("{events} of type {event_type} are left out: give the type a weight under [behaviour.event_weights]."),
  N_("{bots}, users with more events on a day than a person can have, left out."),
  N_("{share} of items have no text: new ones among them cannot be recommended before they have events."),
  N_("{items} have neither text nor events and cannot be recommended."),
  N_("{share} of items have no events: their text alone speaks for them."),
  N_("{column} is missing in {share} of items: nothing can be told of them by it."),
  N_("{share} of the item texts are not in English, which is what the built-in encoder reads best: {remedy}"),
  N_("The times are only an order: no split by time, no ageing of popularity, and bots cannot be told."),
  N_("{interactions} in all: too few to train on; expect little."),
  N_("{share} of users consumed fewer than 3 items: a sequence has little to go on, and they are not tested by leave-one-out."),
  N_("{share} of interactions fall on 1 % of the items: popularity will look good in every figure, and the rest of the catalogue is learned from little."),
  N_("The last two items of {share} of users have the same time: the order of ties decides what leave-one-out tests."),
];
const LIST_WARNINGS = [
  N_("{people} would get fewer than {least} of {length} items; {empty} lists are empty."),
  N_("They took most of what there is: set rank.hide_seen = false to show it again."),
  N_("{count} items may be shown: see whether too many are hidden or past available_until, and what [rank.policy] keeps back."),
  N_("The expert “{expert}” alone is better than all together, on events kept from both: they are {difference} beside it in NDCG@10."),
  N_("Run 'foretaste evaluate' to see each, and name the good ones in model.experts."),
  N_("On {count} events that the model had not seen, its lists were not better for certain than one list of what is popular: these data say little of what one person wants."),
  N_("Call the lists what is popular for now. More events for each person help, and titles, texts and attributes of the items."),
  N_("{share} of what people chose lately they had chosen before, and lists leave out what somebody chose (rank.hide_seen = true)."),
  N_("Where people want the same again, as with groceries and music, set rank.hide_seen = false and train again."),
  N_("Nearly everybody is shown the same: of the first item of two people {share} are in common."),
  N_("Nearly everybody is shown the same: of the first {count} items of two people {share} are in common."),
  N_("The events say too little of who wants what. See in 'foretaste report' that they name people and that most have several; until then call the list what is popular."),
  N_("{share} of the places have the score of another place in the same list: their order is chance."),
  N_("The model cannot tell these items apart. Give them texts and attributes, or import more events, and train again."),
  N_("{share} of what is shown has one and the same reason, whoever asks: “{reason}”."),
  N_("Nothing that a person did counts. See in 'foretaste report' that events name people, and in 'foretaste evaluate' how each expert does."),
  N_("{share} of what is shown was chosen at most {most} times so far; of what people really choose next it is {usual}."),
  N_("The lists are full of items of which next to nothing is known. See that all events are imported and reach back far enough (model.popularity.half_life_days)."),
  N_("“{column}” alone decides {share} of what is shown."),
  N_("{share} of what is shown has {column} “{value}”; of what people take it is {taken}."),
  N_("If people do not choose by {column}, leave it out: name the other columns in model.attribute.columns."),
  N_("The model is plainer than it could be: {reason}."),
  N_("The lists can be used. With more events the next training may do without."),
  N_("{count} people have a history: too few people to judge the lists by."),
  N_("Look at them with 'foretaste recommend'; with {count} people they are checked."),
];
/* The quality report: what begins its lines, and what they say. */
const REPORT_LABELS = [
  N_("Data quality"),
  N_("users"),
  N_("items"),
  N_("events"),
  N_("words"),
  N_("time"),
  N_("density"),
  N_("repeats"),
  N_("history"),
  N_("long tail"),
  N_("no text"),
  N_("no events"),
  N_("missing"),
  N_("languages"),
  N_("left out"),
  N_("rejected"),
  N_("warnings"),
];
const REPORT_LINES = [
  N_("{count} ({sessions} anonymous sessions)"),
  N_("{count} show interest in an item, none a refusal"),
  N_("{count} show interest in an item, {refusals}"),
  N_("only an order, no times"),
  N_("{share} of all pairs of user and item"),
  N_("{share} of interactions are with an item consumed before"),
  N_("median {median} items, middle half {quarter} to {upper},"),
  N_("shortest {shortest}, tenth {tenth}, 90th {ninth}, 99th {top}, longest {longest}"),
  N_("top 1 % of items have {share} of interactions, top 10 % {tenth}; Gini {gini}"),
  N_("no text to tell them by"),
  N_("{shares} (of {count} read)"),
  N_("{events} that weigh nothing (impressions)"),
  N_("{events} with items not in the catalogue"),
  N_("{events} of charges such as postage"),
  N_("{events}: purchases that came back, and returns"),
  N_("{events} with neither item nor words"),
  N_("{events} of unknown event type {event_type}"),
  N_("{count} events at an impossible time"),
  N_("{count} repeats of the event before"),
  N_("{count} events of {bots} bots"),
  N_("{count} events of {users} users under the minimum"),
  N_("{count} events with {items} items under the minimum"),
  N_("not named here"),
  N_("no row"),
  N_("nothing"),
  N_("none"),
  N_("and {count} more"),
  N_("{first} to {last}"),
  N_("{rows}: {problem}"),
  N_("{count} ({share})"),
];
const LANGUAGES = [
  N_("Arabic"),
  N_("Danish"),
  N_("German"),
  N_("English"),
  N_("Spanish"),
  N_("Finnish"),
  N_("French"),
  N_("Italian"),
  N_("Japanese"),
  N_("Korean"),
  N_("Dutch"),
  N_("Norwegian"),
  N_("Polish"),
  N_("Portuguese"),
  N_("Russian"),
  N_("Swedish"),
  N_("Turkish"),
  N_("Ukrainian"),
  N_("Chinese"),
  N_("too short to tell"),
  N_("others"),
];
/* What stands within the others. */
const PARTS = [
  N_("it has addresses"),
  N_("it has times"),
  N_("it has ids"),
  N_("it has ids or code"),
  N_("it is for a back office"),
  N_("it has places in an order"),
  N_("it has running numbers"),
  N_("it has scores of others"),
  N_("it has counts"),
  N_("it has objects"),
  N_("it has a different value in nearly every row"),
  N_("a share"),
  N_("a share of the item's length, or of what a long visit takes where none is known"),
  N_("0.1 of what was skipped and 1 of the rest"),
  N_("the time"),
  N_("the id"),
  N_("the id, as events name items by it"),
  N_("the id, as events name people by it"),
  N_("the session, as people without {column} are known by it"),
  N_("the session, as another file has an account beside it"),
  N_("1 row"),
  N_("{count} rows"),
  N_("1 event"),
  N_("{count} events"),
  N_("1 item"),
  N_("{count} items"),
  N_("1 visitor"),
  N_("{count} visitors"),
  N_("1 search"),
  N_("{count} searches"),
  N_("1 review"),
  N_("{count} reviews"),
  N_("1 refusal"),
  N_("{count} refusals"),
  N_("{count} bots"),
  N_("{count} interactions"),
  N_("{count} of {total} people"),
  N_("{count} people"),
  N_("A person who comes for the first time"),
  N_("times"),
  N_("times with a zone"),
  N_("times of ISO 8601 with a zone"),
  N_("times of ISO 8601 without a zone"),
  N_("dates"),
  N_("dates in words"),
  N_("dates of ISO 8601"),
  N_("dates, the day first"),
  N_("dates, the month first"),
  N_("dates, the year first"),
  N_("dates that could be two"),
  N_("days of a spreadsheet"),
  N_("numbers of {unit} since 1970"),
  N_("seconds since 1970"),
  N_("milliseconds since 1970"),
];
const PLACE = /\\\{([a-z_]+)\\\}/g;
const GROUPED = /^\d{1,3}(,\d{3})+$/;
const DECIMAL = /^\d+\.\d+$/;
const NAMED_SHARE = /^(.+ )?(\d+(?:\.\d+)?) %$/s;
const COUNTED_FORM = /([^()]+?) \(([\d,]+)\)(?:, |$)/gs; // dates, the day first (1,204)
const REPORT_LINE = /^ {2}(.{10}) (.*)$/s;

function patternsOf(messages) {
  return messages.map((message) => ({
    message,
    pattern: new RegExp(`^${message.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(PLACE, "(?<$1>.+?)")}$`, "s"),
  }));
}

const OF_COLUMN = /^column '([^']+)': (.+)$/s;
const NOTE_PATTERNS = patternsOf([...IMPORT_NOTES, ...REJECTS, ...DATA_WARNINGS, ...LIST_WARNINGS]);
const REPORT_PATTERNS = patternsOf(REPORT_LINES);
const PART_PATTERNS = patternsOf([...LANGUAGES, ...PARTS]);

/* A text that is not known here stays as it is. A note of a file begins with its name. */
export function noteText(text) {
  const ofColumn = OF_COLUMN.exec(text);
  if (ofColumn) return t("column {column}: {note}", { column: `'${ofColumn[1]}'`, note: noteText(ofColumn[2]) });
  const known = translated(text, NOTE_PATTERNS);
  if (known !== null) return known;
  const ofFile = /^([^:\s]+\.\w+): (.+)$/s.exec(text);
  return ofFile ? `${ofFile[1]}: ${noteText(ofFile[2])}` : text;
}

/* The quality report in the language of the page, its lines below one another as they were. */
export function reportText(text) {
  const [heading, ...lines] = text.split("\n");
  const rows = lines.map((line) => {
    const match = REPORT_LINE.exec(line);
    return match ? { name: match[1].trim(), content: match[2] } : { name: "", content: line.trim() };
  });
  const names = rows.map((row) => (REPORT_LABELS.includes(row.name) ? t(row.name) : row.name));
  const width = Math.max(0, ...names.map((name) => name.length));
  return [t(heading), ...rows.map((row, place) => `  ${names[place].padEnd(width)} ${lineText(row)}`)].join("\n");
}

function lineText({ name, content }) {
  const ofTypes = name === "events" ? /^([\d,]+): (.*)$/.exec(content) : null;
  if (ofTypes) return `${partText(ofTypes[1])}: ${ofTypes[2].split(", ").map(typeText).join(", ")}`;
  if (content.startsWith("! ")) return `! ${noteText(content.slice(2))}`;
  return translated(content, REPORT_PATTERNS, reportPart) ?? listText(content);
}

/* "1,204 click" */
function typeText(text) {
  const match = /^([\d,]+) (.+)$/.exec(text);
  return match ? `${partText(match[1])} ${eventTypeName(match[2])}` : text;
}

function reportPart(value) {
  return translated(value, NOTE_PATTERNS) ?? translated(value, REPORT_PATTERNS) ?? listText(value);
}

/* "title 2.5 %, English 40 %" */
function listText(text) {
  return text.split(", ").map((part) => {
    const share = NAMED_SHARE.exec(part);
    if (!share) return partText(part);
    const name = (share[1] || "").trim();
    return `${name ? `${translated(name, PART_PATTERNS) ?? name} ` : ""}${partText(`${share[2]} %`)}`;
  }).join(", ");
}

function translated(text, patterns, valueText = partText) {
  for (const { message, pattern } of patterns) {
    const match = pattern.exec(text);
    if (match) return t(message, Object.fromEntries(Object.entries(match.groups || {}).map(([name, value]) => [name, valueText(value)])));
  }
  return null;
}

function partText(value) {
  const forms = [...value.matchAll(COUNTED_FORM)];
  if (forms.length && forms.map(([whole]) => whole).join("") === value)
    return forms.map(([, form, count]) => `${translated(form, PART_PATTERNS) ?? form} (${number(Number(count.replaceAll(",", "")))})`).join(", ");
  if (GROUPED.test(value)) return number(Number(value.replaceAll(",", "")));
  if (DECIMAL.test(value)) return number(Number(value), 4);
  const share = NAMED_SHARE.exec(value);
  if (share && !share[1]) return `${number(Number(share[2]), 2)} %`;
  return translated(value, PART_PATTERNS) ?? value.replace(/\((it [^()]+)\)/g, (whole, reason) => `(${translated(reason, PART_PATTERNS) ?? reason})`);
}
