using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>GET /openapi.json: the routes and the fields of their bodies, in OpenAPI 3.1, written from the table of routes and the policies that requests are read by.</summary>
internal sealed class OpenApiRoute(ServedModel served, Func<IEnumerable<(string Method, string Path)>> routes)
{
    private (string Prefix, byte[] Document)? _kept; // an application has one prefix, or few
    private readonly Lock _lock = new();

    public Task AnswerAsync(HttpContext context)
    {
        string path = context.Request.PathBase + context.Request.Path, prefix = path[..path.LastIndexOf('/')];
        return JsonAnswer.WriteAsync(context, Document(prefix));
    }

    private byte[] Document(string prefix)
    {
        lock (_lock)
        {
            if (_kept is { } kept && kept.Prefix == prefix) return kept.Document;
            byte[] document = Write(prefix);
            _kept = (prefix, document);
            return document;
        }
    }

    /// <param name="prefix">What an application has put in front of the routes.</param>
    private byte[] Write(string prefix) => WrittenJson.Bytes(json =>
    {
        json.WriteStartObject();
        json.WriteString("openapi", "3.1.0");
        json.WritePropertyName("info");
        json.WriteRawValue($$"""{"title":"Folio","version":"{{ServedModel.Version}}","description":"OpenAI's API with vLLM's extensions, and Anthropic's Messages."}""");
        if (prefix.Length > 0)
        {
            json.WriteStartArray("servers");
            json.WriteStartObject();
            json.WriteString("url", prefix);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WritePropertyName("security");
        json.WriteRawValue("""[{"key":[]},{}]""");
        json.WriteStartObject("paths");
        foreach (var path in routes().GroupBy(route => route.Path.Replace("{**", "{", StringComparison.Ordinal), route => route.Method)) WritePath(json, path.Key, path);
        json.WriteEndObject();
        json.WritePropertyName("components");
        json.WriteRawValue("""
            {"securitySchemes":{"key":{"type":"http","scheme":"bearer"}},
            "responses":{"error":{"description":"What is wrong and what was expected.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/error"}}}},
            "anthropic_error":{"description":"The same, as Anthropic says it.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/anthropic_error"}}}}},
            "schemas":{"anthropic_error":{"type":"object","required":["type","error","request_id"],"additionalProperties":false,"properties":{"type":{"const":"error"},"request_id":{"type":["string","null"]},
            "error":{"type":"object","required":["type","message"],"properties":{"type":{"type":"string"},"message":{"type":"string"}}}}},"error":{"type":"object","required":["error"],"additionalProperties":false,"properties":{"error":{"type":"object","required":["message","type","param","code"],
            "properties":{"message":{"type":"string"},"type":{"type":"string"},"param":{"type":["string","null"]},"code":{"type":"integer"}}}}}}}
            """);
        json.WriteEndObject();
    });

    private void WritePath(Utf8JsonWriter json, string path, IEnumerable<string> methods)
    {
        json.WriteStartObject(path);
        if (path.Contains("{id}", StringComparison.Ordinal))
        {
            json.WritePropertyName("parameters");
            json.WriteRawValue("""[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}]""");
        }

        foreach (string method in methods)
        {
            json.WriteStartObject(method.ToLowerInvariant());
            WriteOperation(json, path, RouteDescription.Of(method, path));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private void WriteOperation(Utf8JsonWriter json, string path, RouteDescription route)
    {
        json.WriteString("summary", route.Summary);
        if (route.IsOpen)
        {
            json.WriteStartArray("security");
            json.WriteEndArray();
        }

        if (route.Query is { } query)
        {
            json.WriteStartArray("parameters");
            foreach ((string name, string schema) in query) json.WriteRawValue($$"""{"name":"{{name}}","in":"query","schema":{{schema}}}""");
            json.WriteEndArray();
        }

        if (route.Body is { } body) WriteBody(json, path, body, route.Required ?? []);
        json.WriteStartObject("responses");
        json.WriteStartObject("200");
        json.WriteString("description", "Done.");
        if (route.Answer.Length > 0)
        {
            json.WriteStartObject("content");
            foreach (string type in route.Answer)
            {
                json.WriteStartObject(type);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WritePropertyName("default");
        json.WriteRawValue($$"""{"$ref":"#/components/responses/{{route.Error}}"}""");
        json.WriteEndObject();
    }

    private void WriteBody(Utf8JsonWriter json, string path, FieldPolicy body, string[] required)
    {
        json.WriteStartObject("requestBody");
        json.WriteBoolean("required", true);
        json.WriteStartObject("content");
        json.WriteStartObject("application/json");
        json.WriteStartObject("schema");
        json.WriteString("type", "object");
        json.WriteBoolean("additionalProperties", false);
        json.WriteStartArray("required");
        foreach (string field in required) json.WriteStringValue(field);
        json.WriteEndArray();
        json.WriteStartObject("properties");
        foreach (string field in body.Accepted.Order(StringComparer.Ordinal))
        {
            json.WritePropertyName(field);
            json.WriteRawValue(FieldSchemas.Of(path, field, served));
        }

        for (int open = 0; open < 5; open++) json.WriteEndObject();
    }
}
