"use strict";
window.addEventListener("DOMContentLoaded", () => {
  SwaggerUIBundle({
    url: "/api/v1/openapi.json", dom_id: "#document", deepLinking: true, validatorUrl: null,
    docExpansion: "list", defaultModelsExpandDepth: 0, supportedSubmitMethods: ["get", "put", "post", "patch", "delete"],
  });
});
