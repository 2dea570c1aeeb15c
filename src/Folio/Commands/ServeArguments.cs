using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Folio.Chat;
using Folio.Engine;
using Folio.Formats;
using Folio.Requests;
using Folio.Server;

namespace Folio.Commands;

/// <summary>Where the server listens, who may ask it, and how long it waits for what: options of folio serve.</summary>
internal sealed class ServeArguments
{
    /// <summary>The environment's key, where neither option gives one: Folio's own, else the one that vLLM reads.</summary>
    private static readonly string[] s_keyVariables = ["FOLIO_API_KEY", "VLLM_API_KEY"];

    private static readonly TimeSpan s_endless = TimeSpan.FromDays(20); // what timers can be set to

    private readonly Option<string> _host = new("--host") { Description = "Address to listen on.", DefaultValueFactory = _ => "127.0.0.1" };
    private readonly Option<int?> _port = OptionOf.Integer("--port", "Port to listen on; 0 picks a free one (default: 8000).", least: 0, most: ushort.MaxValue);

    private readonly Option<string[]> _apiKey = new("--api-key")
    {
        Description = "A key that clients must send as 'Authorization: Bearer …'; may be given several times (default: FOLIO_API_KEY or VLLM_API_KEY of the environment, where no key is given).",
    };

    private readonly Option<string?> _apiKeyFile = new("--api-key-file") { Description = "A file of more keys, a line each: TENANT KEY [rpm=N] [tpm=N] [concurrent=N] [admin].", HelpName = "FILE" };
    private readonly Option<bool> _insecure = new("--insecure") { Description = "Listens beyond this machine without asking for a key." };

    private readonly Option<string[]> _allowedOrigins = new("--allowed-origins")
    {
        Description = "An origin, such as https://chat.example, whose pages may ask, or *; may be given several times, or as a JSON list (default: none).",
        CustomParser = ReadOrigins,
    };

    private readonly Option<string[]> _servedModelName = new("--served-model-name") { Description = "A name of the model for clients, instead of the file's or folder's; may be given several times." };
    private readonly Option<bool> _share = new("--share-prefix-cache") { Description = "Clients with different API keys share cached prompts." };
    private readonly Option<bool> _logRequests = new("--enable-log-requests") { Description = "Writes a line for each request that has ended." };
    private readonly Option<bool> _logLifecycle = new("--enable-log-lifecycle") { Description = "Writes a line for each station of a request's life: arrived, queued, admitted, each part of its prompt, first token, preempted, resumed, ended." };
    private readonly Option<string?> _otlpEndpoint = new("--otlp-endpoint") { Description = "An OpenTelemetry collector that traces and figures are sent to, such as http://127.0.0.1:4318 (default: OTEL_EXPORTER_OTLP_ENDPOINT of the environment, else nothing is sent).", HelpName = "URL" };
    private readonly Option<string?> _toolCallParser = OptionOf.Word("--tool-call-parser", "How the model writes tool calls (default: as its chat template does)", [.. ToolFormat.ByName.Keys, "none"]);
    private readonly Option<string?> _reasoningParser = OptionOf.Word("--reasoning-parser", "How the model marks its reasoning (default: as its chat template does)", [.. ReasoningFormat.ByName.Keys, "none"]);
    private readonly Option<string?> _chatTemplate = new("--chat-template") { Description = "A file with a chat template (Jinja) in place of the model's own.", HelpName = "FILE" };
    private readonly Option<bool> _trustTemplates = new("--trust-request-chat-template") { Description = "Requests may bring a chat template of their own." };
    private readonly Option<int?> _maxConnections = OptionOf.Integer("--max-connections", "Connections at once; those beyond are closed as they come (default: 4096).");
    private readonly Option<int?> _storedResponses = OptionOf.Integer("--max-stored-responses", "Responses of /v1/responses that each key's holder can find again; 0: none are stored (default: 1000).", least: 0);
    private readonly Option<long?> _storedResponseSpace = OptionOf.Size("--stored-response-space", "Most memory that each key's holder has for them (default: 64MiB).");
    private readonly Option<PoolingKind?> _pooling = OptionOf.Choice(
        "--pooling", "Which of a text's states is its embedding: the last token's, the mean, or the first token's (default: as the model says).", ("last", PoolingKind.Last), ("mean", PoolingKind.Mean), ("cls", PoolingKind.Cls));

    private readonly Option<double?> _requestTimeout = OptionOf.Positive("--request-timeout", "Seconds that a request may take, waiting included; then it is ended with 504 (default: inf).");
    private readonly Option<double?> _watchdogTimeout = OptionOf.Positive("--watchdog-timeout", "Seconds that a step may take before /health tells and those who wait get 503; inf: as long as it takes (default: 300).");

    public ServeArguments(Command command)
    {
        foreach (Option option in (Option[])[_host, _port, _apiKey, _apiKeyFile, _insecure, _allowedOrigins, _servedModelName, _share, _logRequests, _logLifecycle, _otlpEndpoint, _toolCallParser, _reasoningParser, _chatTemplate, _trustTemplates, _maxConnections, _storedResponses, _storedResponseSpace, _pooling, _requestTimeout, _watchdogTimeout]) command.Options.Add(option);
    }

    /// <exception cref="FolioException">The key file can't be used.</exception>
    public ServerOptions Options(ParseResult parsed)
    {
        var defaults = new ServerOptions();
        KeyFile? file = parsed.GetValue(_apiKeyFile) is { } path ? KeyFile.Read(path) : null;
        return defaults with
        {
            Host = parsed.GetValue(_host)!,
            Port = parsed.GetValue(_port) ?? defaults.Port,
            ApiKeys = Keys(parsed, file),
            TenantKeys = file?.Keys ?? [],
            TenantLimits = file?.Limits ?? defaults.TenantLimits,
            Insecure = parsed.GetValue(_insecure),
            AllowedOrigins = parsed.GetValue(_allowedOrigins) ?? [],
            SharePrefixCache = parsed.GetValue(_share),
            LogRequests = parsed.GetValue(_logRequests),
            LogLifecycle = parsed.GetValue(_logLifecycle),
            ToolCallParser = parsed.GetValue(_toolCallParser),
            ReasoningParser = parsed.GetValue(_reasoningParser),
            ChatTemplate = parsed.GetValue(_chatTemplate) is { } template ? ChatTemplateFile.Read(template) : null,
            TrustRequestChatTemplate = parsed.GetValue(_trustTemplates),
            MaxConnections = parsed.GetValue(_maxConnections) ?? defaults.MaxConnections,
            MaxStoredResponses = parsed.GetValue(_storedResponses) ?? defaults.MaxStoredResponses,
            MaxStoredResponseBytes = parsed.GetValue(_storedResponseSpace) ?? defaults.MaxStoredResponseBytes,
            ServedModelNames = parsed.GetValue(_servedModelName) ?? [],
            RequestTimeout = Time(parsed.GetValue(_requestTimeout), defaults.RequestTimeout),
        };
    }

    public EngineOptions Apply(ParseResult parsed, EngineOptions options) => options with
    {
        WatchdogTimeout = Time(parsed.GetValue(_watchdogTimeout), options.WatchdogTimeout),
        Pooling = parsed.GetValue(_pooling),
    };

    public string? OtlpEndpoint(ParseResult parsed) => parsed.GetValue(_otlpEndpoint);

    private string[] Keys(ParseResult parsed, KeyFile? file)
    {
        string[] given = parsed.GetValue(_apiKey) ?? [];
        if (given.Any(string.IsNullOrWhiteSpace)) throw new FolioException("--api-key is empty; a key was expected.");
        if (given.Length > 0 || file is not null) return given;
        return s_keyVariables.Select(Environment.GetEnvironmentVariable).FirstOrDefault(key => !string.IsNullOrWhiteSpace(key)) is { } key ? [key.Trim()] : [];
    }

    private static TimeSpan? Time(double? seconds, TimeSpan? otherwise) =>
        seconds is not { } given ? otherwise
        : given < s_endless.TotalSeconds ? TimeSpan.FromSeconds(given)
        : null;

    /// <summary>Each value an origin, or, as vLLM wants them, a JSON list.</summary>
    private static string[] ReadOrigins(ArgumentResult result)
    {
        List<string> origins = [];
        foreach (string value in result.Tokens.Select(token => token.Value))
        {
            if (!value.StartsWith('[')) origins.Add(value);
            else if (TryReadList(value, origins)) continue;
            else result.AddError($"--allowed-origins is '{value}'; an origin or a JSON list of origins was expected.");
        }

        foreach (string origin in origins)
        {
            bool isOrigin = origin == "*" || (Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) && uri.GetLeftPart(UriPartial.Authority) == origin);
            if (!isOrigin) result.AddError($"--allowed-origins is '{origin}'; an origin such as https://chat.example, without a path, or * was expected.");
        }

        return [.. origins];
    }

    private static bool TryReadList(string json, List<string> origins)
    {
        try
        {
            using JsonDocument list = JsonDocument.Parse(json);
            origins.AddRange(list.RootElement.EnumerateArray().Select(origin => origin.GetString()!));
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
