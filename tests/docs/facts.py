"""Compares what the pages say with the repository: links, chapters, settings, error codes. Runs nothing."""

import re
import urllib.parse

import pages

# Variables of other programs, and names that examples give to keys.
FOREIGN = {
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_MODEL",
    "ANTHROPIC_SMALL_FAST_MODEL",
    "DATABASE_URL",
    "LITELLM_MASTER_KEY",
    "REDIS_PASSWORD",
    "ENABLE_OLLAMA_API",
    "OPENAI_API_BASE",
    "OPENAI_API_BASE_URL",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OLLAMA_HOST",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OLLAMA_KEEP_ALIVE",
    "UPDATE_DOCS",
    # What commands show a gateway, which has no such setting.
    "MODELPORT_KEY",
    "XDG_STATE_HOME",
}


def links(faults):
    """Every relative link leads to a file, and to a heading in it."""
    count = 0
    for page in pages.every_page():
        for line, target in page.links():
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            count += 1
            path, _, anchor = target.partition("#")
            found = page.path if not path else (page.path.parent / urllib.parse.unquote(path)).resolve()
            if not found.exists():
                faults.append(f"{page.at(line)}: the link {target} leads to no file")
            elif page.path.is_relative_to(pages.BOOK) and not found.is_relative_to(pages.BOOK):
                faults.append(f"{page.at(line)}: the link {target} leads out of the book, where its pages have nothing")
            elif anchor and found.suffix == ".md" and anchor not in pages.Page(found).anchors():
                faults.append(f"{page.at(line)}: the link {target} leads to no heading of {path or page.name}")
    return f"{count} relative links"


def chapters(faults):
    """The summary names every chapter, once, and nothing else."""
    listed = [target for _, target in pages.Page(pages.SUMMARY).links()]
    there = [page.path.relative_to(pages.BOOK).as_posix() for page in pages.chapters()]
    for name in sorted(set(there) - set(listed)):
        faults.append(f"docs/SUMMARY.md: the chapter {name} is not in it")
    for name in sorted({name for name in listed if listed.count(name) > 1}):
        faults.append(f"docs/SUMMARY.md: {name} is in it more than once")
    return f"{len(there)} chapters"


def settings(faults):
    """Every variable that the pages name is one of modelport's settings, or known to be another program's."""
    names, fields = _table()
    count = 0
    for page in [pages.Page(pages.ROOT / "README.md"), *pages.chapters()]:
        for line, text in page.code():
            # What `${…}` refers to is named by whoever writes the file.
            text = re.sub(r"\$\{[A-Z0-9_]+\}", "", text)
            for name in re.findall(r"(?<![\w$-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w*…])", text):
                count += 1
                if not _known(name, names, fields):
                    faults.append(f"{page.at(line)}: there is no setting {name}")
    return f"{count} variables"


def _table():
    example = (pages.ROOT / ".env.example").read_text(encoding="utf-8")
    names = set(re.findall(r"^#([A-Z0-9_]+)=", example, re.MULTILINE))
    generic = "OPENAI_COMPATIBLE_"
    fields = {name.removeprefix(generic) for name in names if name.startswith(generic)}
    return names, fields


def _known(name, names, fields):
    if name in names or name in FOREIGN:
        return True
    if name.startswith("OPENAI_COMPATIBLE_"):
        # A further instance has a word of its own before the field.
        return any(re.fullmatch(f"OPENAI_COMPATIBLE_[A-Z0-9]+_{field}", name) for field in fields)
    if name.startswith("OPENROUTER_"):
        return name.removeprefix("OPENROUTER_") in fields
    if name.startswith("OLLAMA_"):
        return "OLLAMA_SETTINGS_" + name.removeprefix("OLLAMA_") in names
    # A key's variable for `--key-env` and its like.
    return re.fullmatch(r"(GROQ|TOGETHER|MISTRAL|AZURE|GATEWAY|MODELPORT)_(API_)?KEY(_\d)?", name) is not None


def codes(faults):
    """The chapter on troubleshooting has every code of an error and no other, and every kind of a setting's value."""
    page = pages.Page(pages.BOOK / "troubleshooting.md")
    there = _codes()
    told = set(re.findall(r"^\| `([a-z_]+)` \|", page.text, re.MULTILINE))
    for code in sorted(there - told):
        faults.append(f"{page.name}: no row for the error code {code}")
    for code in sorted(told - there):
        faults.append(f"{page.name}: the gateway has no error code {code}")
    for status, code in _statuses():
        if f"| `{code}` | {status} |" not in page.text and f"| `{code}` | {status}, " not in page.text:
            faults.append(f"{page.name}: {code} has the status {status}")
    kinds = _kinds()
    for kind in kinds:
        if f"| {kind} |" not in page.text:
            faults.append(f"{page.name}: no row for values that are \"{kind}\"")
    return f"{len(there)} error codes, {len(kinds)} kinds of values"


def _codes():
    """Every code that the source has: of each of the gateway's errors, and of what it refuses to read."""
    found = set()
    for source in (pages.ROOT / "crates").glob("modelport*/src/**/*.rs"):
        if "modelport-sim" in source.parts or "tests" in source.as_posix():
            continue
        text = source.read_text(encoding="utf-8").split("#[cfg(test)]")[0]
        found.update(re.findall(r"\bcode: \"([a-z_]+)\"", text))
        found.update(re.findall(r"Kind::new\(\s*\d+,\s*[\w\"]+,\s*\"([a-z_]+)\"", text))
        found.update(re.findall(r"Kind::carried\(\s*\d+,\s*\"([a-z_]+)\"", text))
        found.update(re.findall(r"\bfault\(\s*&?\w+,\s*\"([a-z_]+)\"", text))
        found.update(re.findall(r"AskFault::\w+(?:\(_\)| \{ \.\. \})? => \"([a-z_]+)\"", text))
    return found


def _statuses():
    """The status of each code that has one of its own."""
    source = (pages.ROOT / "crates/modelport/src/error/kinds.rs").read_text(encoding="utf-8")
    return re.findall(r"Kind::(?:new|carried)\(\s*(\d+),\s*(?:[\w\"]+,\s*)?\"([a-z_]+)\"", source)


def _kinds():
    source = (pages.ROOT / "crates/modelport/src/config/setting.rs").read_text(encoding="utf-8")
    describe = source.split("fn describe")[1].split("fn check")[0]
    return re.findall(r"=> \"([^\"]+)\"", describe)


def headers(faults):
    """The chapter on the API names every header of the gateway's own."""
    page = pages.Page(pages.BOOK / "api.md")
    found = set()
    for source in (pages.ROOT / "crates").glob("modelport*/src/**/*.rs"):
        found.update(re.findall(r"from_static\(\s*\"(x-modelport-[a-z-]+)\"", source.read_text(encoding="utf-8")))
    for name in sorted(found):
        if f"`{name}`" not in page.text:
            faults.append(f"{page.name}: no row for the header {name}")
    return f"{len(found)} headers"


def profiles(faults):
    """The chapter on providers says of each profile what its file says: hosts, address, APIs of its own."""
    page = pages.Page(pages.BOOK / "providers.md")
    rows = {}
    for line in page.text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0].startswith("`"):
            rows[cells[0].strip("`")] = cells[1:]
    there = _profiles()
    for slug, (hosts, address, own) in there.items():
        said = rows.get(slug)
        if said is None:
            faults.append(f"{page.name}: no row for the profile {slug}")
        elif any(f"`{host}`" not in said[0] for host in hosts) or said[1] != (f"`{address}`" if address else ""):
            faults.append(f"{page.name}: the profile {slug} has the hosts {hosts} and the address {address}")
        elif said[2:] != ["yes" if api else "" for api in own]:
            faults.append(f"{page.name}: the profile {slug} has a Responses and a Messages API of its own: {own}")
    for slug in sorted(set(rows) - set(there)):
        faults.append(f"{page.name}: there is no profile {slug}")
    return f"{len(there)} profiles"


def _profiles():
    # That of Ollama's own API goes by the kind, and one has no more than a label.
    found, without = {}, {"ollama", "azure_hosted"}
    for source in (pages.ROOT / "crates/modelport-provider/src/profiles").glob("*.rs"):
        for text in source.read_text(encoding="utf-8").split("Profile = Profile {")[1:]:
            text = text.split("\n};")[0]
            slug = re.search(r"slug: \"(\w+)\"", text)[1]
            hosts = re.search(r"hosts: &\[(.*?)\]", text, re.DOTALL)
            address = re.search(r"base_url: Some\(\"(.*?)\"\)", text)
            own = ["responses: Some" in text, "messages: Some(MessagesApi" in text]
            found[slug] = (re.findall(r"\"(.*?)\"", hosts[1]) if hosts else [], address[1] if address else "", own)
    return {slug: facts for slug, facts in found.items() if slug not in without}
