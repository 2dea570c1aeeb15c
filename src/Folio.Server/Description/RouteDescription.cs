namespace Folio.Server;

/// <summary>What the table of routes doesn't say of a route.</summary>
/// <param name="Summary">What it is for.</param>
/// <param name="Body">The fields of its JSON body; null: it takes none, or they are described elsewhere.</param>
/// <param name="Required">Fields without which it answers 400.</param>
/// <param name="Query">Query parameters: names and schemas.</param>
/// <param name="IsOpen">Needs no key.</param>
/// <param name="Answer">Media types of its answer.</param>
internal sealed record RouteDescription(string Summary, FieldPolicy? Body = null, string[]? Required = null, (string Name, string Schema)[]? Query = null, bool IsOpen = false, params string[] Answer)
{
    private const string OpenAIError = "error", AnthropicError = "anthropic_error";
    private const string Json = "application/json", Events = "text/event-stream", Plain = "text/plain", Html = "text/html";

    private static readonly string s_words = """{"type":"array","items":{"type":"string","enum":""" + ResponseWords.Json(ResponseWords.Include) + "}}";

    private static readonly Dictionary<string, RouteDescription> s_known = new(StringComparer.Ordinal)
    {
        ["GET /v1/models"] = new("Every served name.", Answer: Json),
        ["GET /v1/models/{id}"] = new("One served name.", Answer: Json),
        ["POST /v1/completions"] = new("Continues prompts: a text, texts, token ids or lists of them.", FieldPolicies.Completion, ["prompt"], Answer: [Json, Events]),
        ["POST /v1/chat/completions"] = new("Answers a conversation.", FieldPolicies.Chat, ["messages"], Answer: [Json, Events]),
        ["POST /v1/embeddings"] = new("Texts' embeddings: a text, texts, token ids or lists of them.", FieldPolicies.Embedding, ["input"], Answer: Json),
        ["POST /v1/responses"] = new("Answers a conversation, and remembers it.", FieldPolicies.Response, ["input"], Answer: [Json, Events]),
        ["GET /v1/responses/{id}"] = new("A stored response of this key.", Query: [("include", s_words), ("stream", """{"type":"boolean","enum":[false]}""")], Answer: Json),
        ["DELETE /v1/responses/{id}"] = new("Forgets it.", Answer: Json),
        ["POST /v1/responses/{id}/cancel"] = new("Always 400 or 404: there are no responses in the background.", Answer: Json),
        ["GET /v1/responses/{id}/input_items"] = new("The input of a stored response, with the conversation before it, page by page.", Query: [("limit", """{"type":"integer","minimum":1,"maximum":100,"default":20}"""), ("order", """{"type":"string","enum":["asc","desc"],"default":"desc"}"""), ("after", """{"type":"string"}"""), ("include", s_words)], Answer: Json),
        ["POST /v1/messages"] = new("Answers a conversation, as Anthropic does.", FieldPolicies.Messages, ["max_tokens", "messages"], Answer: [Json, Events]) { Error = AnthropicError },
        ["POST /v1/messages/count_tokens"] = new("How many tokens such a conversation has.", FieldPolicies.CountTokens, ["messages"], Answer: Json) { Error = AnthropicError },
        ["POST /tokenize"] = new("A prompt or messages as token ids.", FieldPolicies.Tokenize, Answer: Json),
        ["POST /detokenize"] = new("Token ids as text.", FieldPolicies.Detokenize, ["tokens"], Answer: Json),
        ["GET /v1/prefixes"] = new("Prompts' beginnings that this key keeps in the cache.", Answer: Json),
        ["POST /v1/prefixes"] = new("Computes the beginning of prompts and keeps it in the cache.", FieldPolicies.Prefix, Answer: Json),
        ["DELETE /v1/prefixes/{id}"] = new("Lets go of such a beginning.", Answer: Json),
        ["POST /reset_prefix_cache"] = new("Forgets what is cached and not pinned.", Answer: Json),
        ["POST /pause"] = new("Runs no more steps until /resume.", Query: [("mode", """{"type":"string","enum":["abort","wait","keep"],"default":"abort"}"""), ("clear_cache", """{"type":"boolean","default":false}""")], Answer: Json),
        ["POST /resume"] = new("Goes on after /pause.", Answer: Json),
        ["GET /is_paused"] = new("Whether /pause holds.", Answer: Json),
        ["GET /load"] = new("Requests accepted and not finished.", Answer: Json),
        ["GET /version"] = new("The server's version.", Answer: Json),
        ["GET /metrics"] = new("Figures in Prometheus' text format.", Answer: Plain),
        ["GET /openapi.json"] = new("This description.", Answer: Json),
        ["GET /health"] = new("200 while requests are taken and answered.", IsOpen: true),
        ["GET /health/live"] = new("200 unless the engine has failed or stands still.", IsOpen: true),
        ["GET /health/ready"] = new("200 unless a request sent now would be refused or would wait.", IsOpen: true),
        ["GET /ping"] = new("As /health.", IsOpen: true),
        ["POST /ping"] = new("As /health.", IsOpen: true),
        ["GET /"] = new("The page.", IsOpen: true, Answer: Html),
        ["GET /page/{file}"] = new("A file of the page.", IsOpen: true, Answer: ["text/css", "text/javascript"]),
        ["GET /page/state"] = new("The blocks of the KV cache and who holds them.", Answer: Json),
    };

    /// <summary>The shape of its errors, by its name among the description's responses.</summary>
    public string Error { get; private init; } = OpenAIError;

    /// <param name="path">As OpenAPI writes it: <c>/v1/models/{id}</c>.</param>
    public static RouteDescription Of(string method, string path) => s_known.GetValueOrDefault($"{method} {path}") ?? new("", Answer: Json);
}
