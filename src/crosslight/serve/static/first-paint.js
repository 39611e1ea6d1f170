/** Before anything is drawn. The theme that was chosen: a dark page must not begin as a flash of white. And nothing is
    to be read before it is in the reader's language, unless that takes long. No module, since modules come later. */

try {
  const theme = JSON.parse(localStorage.getItem("crosslight.theme"));
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // A browser that keeps nothing has no choice to show.
}
document.documentElement.dataset.wordless = "";
setTimeout(() => delete document.documentElement.dataset.wordless, 1500);
