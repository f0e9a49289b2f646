/**
 * What the builder of the labextension is told beside what it knows. jsPDF can draw HTML with these packages; we never
 * do, so that they stay out of the bundle: https://github.com/parallax/jsPDF, "Optional dependencies".
 */
module.exports = {
  resolve: { alias: { canvg: false, dompurify: false, html2canvas: false } }
};
