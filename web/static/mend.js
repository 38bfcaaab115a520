// Above a refused form: a link to each field that is to be mended, in its label's words.
const inputs = "input:not([type=hidden]):not([disabled]), select, textarea";

function linkTo(said) {
  const field = said.closest(".field, .opt, fieldset, section");
  const input = document.querySelector(`[aria-describedby~="${CSS.escape(said.id)}"]:is(${inputs})`) ?? field?.querySelector(inputs);
  if (!input) return null;
  input.id ||= `${said.id}-input`;
  const label = field.querySelector("legend, label, .strong")?.cloneNode(true);
  label?.querySelectorAll(".muted, .hide").forEach((aside) => aside.remove());
  const link = document.createElement("a");
  link.href = `#${input.id}`;
  link.textContent = [label?.textContent, said.textContent].map((text) => text?.replace(/\s+/g, " ").trim()).filter(Boolean).join(": ");
  link.addEventListener("click", (event) => {
    event.preventDefault();
    input.focus();
  });
  return link;
}

export function mend() {
  const count = document.querySelector("[data-mend]");
  if (!count) return;
  const list = document.createElement("ul");
  for (const said of document.querySelectorAll('main [id$="-error"]')) {
    const link = linkTo(said);
    if (!link) continue;
    const line = document.createElement("li");
    line.append(link);
    list.append(line);
  }
  if (list.children.length) count.after(list);
}
