(own, ...values) => {
  const ofImage = JSON.parse(own || "{}");
  const settings = new URLSearchParams();
  {{ usual | tojson }}.forEach(([name, usual], place) => {
    const value = values[place];
    if (value === null || JSON.stringify(value) === JSON.stringify(ofImage[name] ?? usual)) return;
    if (name in ofImage && !value.length) return;  // nothing is chosen
    const texts = Array.isArray(value) && value.length ? value : [value];  // no values: one empty text
    texts.forEach(text => settings.append(name, text));
  });
  const query = String(settings).replaceAll("%3A", ":").replaceAll("%2C", ",");
  const link = location.origin + location.pathname + (query && "?" + query);
  history.replaceState(history.state, "", link);
  return link;
}
