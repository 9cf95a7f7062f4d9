async link => {
  document.querySelector("#link textarea, #link input").select();  // for who has to copy it by hand
  try {
    await navigator.clipboard.writeText(link);
    return "Copied";
  } catch {  // browsers let no page do so that came unencrypted from another machine
    return "Press Ctrl+C";
  }
}
