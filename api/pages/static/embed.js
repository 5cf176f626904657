// Lets the frames of Steadfast on this page be as tall as what is in them. It believes only the frame itself.
addEventListener("message", (event) => {
  const height = event.data && event.data.steadfast;
  if (!(height > 0 && height < 20000)) return;
  for (const frame of document.querySelectorAll("iframe[data-steadfast]")) {
    if (frame.contentWindow === event.source && new URL(frame.src).origin === event.origin) frame.height = height;
  }
});
