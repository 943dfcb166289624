SwaggerUIBundle({ url: "v1/openapi.json", dom_id: "#document", deepLinking: true, defaultModelsExpandDepth: -1 });
