const sliders = () => element.querySelectorAll(".wipe input");
let shown = 100;
element.addEventListener("input", event => {
  if (!event.target.closest(".wipe")) return;
  shown = event.target.value;
  sliders().forEach(slider => { slider.value = shown; });
  element.style.setProperty("--shown", `${shown}%`);
});
watch("value", () => sliders().forEach(slider => { slider.value = shown; }));
