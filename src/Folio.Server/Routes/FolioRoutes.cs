using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Folio.Server;

/// <summary>The table of routes. A later route is one line here and one class beside.</summary>
internal sealed class FolioRoutes
{
    /// <summary>The pattern of what no route is for.</summary>
    public const string AnyPath = "{**path}";

    private readonly ServedModel _served;
    private readonly Gate _gate;
    private readonly (string Method, string Path, RequestDelegate Handler)[] _routes, _page;
    private readonly List<(string Method, string Path)> _mapped = [];

    public FolioRoutes(FolioEngine engine, ApiOptions options, Drain drain, ILoggerFactory loggers)
    {
        _served = new ServedModel(() => engine.Engine, options);
        if (!engine.IsLoading) _served.Prepare();
        ServedModel served = _served;
        ILogger logger = loggers.CreateLogger("Folio.Server");
        var keys = new ApiKeys(options);
        _gate = new(options, keys, drain, logger);
        var models = new ModelRoutes(served);
        var status = new StatusRoutes(served, engine, drain, _gate.Figures, logger);
        var tokens = new TokenizeRoutes(served);
        var pausing = new PauseRoutes(served);
        var prefixes = new PrefixRoutes(served, keys, drain);
        var log = new RequestLog(loggers, served);
        var store = new ResponseStore(options.MaxStoredResponses, options.MaxStoredResponseBytes);
        var stored = new StoredResponseRoutes(store);
        var messages = new MessagesRoute(served, _gate, drain, log);
        _routes =
        [
            ("GET", "/v1/models", _gate.Guard(models.ListAsync)),
            ("GET", "/v1/models/{**id}", _gate.Guard(models.OneAsync)),
            ("POST", "/v1/completions", _gate.Guard(Generating(served, new CompletionRoute(served, _gate, drain, log).AnswerAsync))),
            ("POST", "/v1/chat/completions", _gate.Guard(Generating(served, new ChatRoute(served, _gate, drain, log).AnswerAsync))),
            ("POST", "/v1/embeddings", _gate.Guard(new EmbeddingRoute(served, drain, log).AnswerAsync)),
            ("POST", "/v1/responses", _gate.Guard(Generating(served, new ResponsesRoute(served, store, _gate, drain, log).AnswerAsync))),
            ("GET", "/v1/responses/{id}", _gate.Guard(stored.GetAsync)),
            ("DELETE", "/v1/responses/{id}", _gate.Guard(stored.DeleteAsync)),
            ("POST", "/v1/responses/{id}/cancel", _gate.Guard(stored.CancelAsync)),
            ("GET", "/v1/responses/{id}/input_items", _gate.Guard(stored.ListAsync)),
            ("POST", "/v1/messages", _gate.Guard(Generating(served, messages.AnswerAsync))),
            ("POST", "/v1/messages/count_tokens", _gate.Guard(messages.CountAsync)),
            ("POST", "/tokenize", _gate.Guard(tokens.TokenizeAsync)),
            ("POST", "/detokenize", _gate.Guard(tokens.DetokenizeAsync)),
            ("GET", "/v1/prefixes", _gate.Guard(prefixes.ListAsync)),
            ("POST", "/v1/prefixes", _gate.Guard(Generating(served, prefixes.PinAsync))),
            ("DELETE", "/v1/prefixes/{**id}", _gate.Guard(prefixes.UnpinAsync)),
            ("POST", "/reset_prefix_cache", _gate.Guard(prefixes.ResetAsync)),
            ("POST", "/pause", _gate.GuardAdmin(pausing.PauseAsync)),
            ("POST", "/resume", _gate.GuardAdmin(pausing.ResumeAsync)),
            ("GET", "/is_paused", _gate.Guard(pausing.IsPausedAsync)),
            ("GET", "/load", _gate.Guard(status.LoadAsync)),
            ("GET", "/version", _gate.Guard(StatusRoutes.VersionAsync)),
            ("GET", "/openapi.json", _gate.Guard(new OpenApiRoute(served, () => _mapped).AnswerAsync)),
            ("GET", "/metrics", _gate.Guard(status.MetricsAsync)),
            ("GET", "/health", _gate.Open(status.HealthAsync)),
            ("GET", "/health/live", _gate.Open(status.LiveAsync)),
            ("GET", "/health/ready", _gate.Open(status.ReadyAsync)),
            ("GET", "/ping", _gate.Open(status.HealthAsync)),
            ("POST", "/ping", _gate.Open(status.HealthAsync)),
        ];
        var page = new PageRoutes(served);
        _page =
        [
            ("GET", "/", _gate.Open(PageRoutes.IndexAsync)),
            ("GET", "/page/{file}", _gate.Open(PageRoutes.FileAsync)),
            ("GET", "/page/state", _gate.GuardAdmin(page.StateAsync)),
        ];
    }

    /// <summary>Once the engine is there.</summary>
    /// <exception cref="FolioException">An option doesn't fit the model.</exception>
    public void Prepare() => _served.Prepare();

    public RouteGroupBuilder Map(IEndpointRouteBuilder endpoints) => Map(endpoints, _routes);

    /// <summary>Lets in what is asked by one of these names.</summary>
    public Func<RequestDelegate, RequestDelegate> Under(HostNames names)
    {
        RequestDelegate refuse = _gate.Open(context => throw new ApiException(StatusCodes.Status421MisdirectedRequest, HostNames.Refusal(context.Request.Host)));
        return next => context => names.Include(context.Request.Host) ? next(context) : refuse(context);
    }

    /// <summary>The page at /: not in an application of somebody's own.</summary>
    public RouteGroupBuilder MapPage(IEndpointRouteBuilder endpoints) => Map(endpoints, _page);

    /// <summary>A route that an encoder has nothing to say on.</summary>
    private static RequestDelegate Generating(ServedModel served, RequestDelegate handler) => context => served.Info.Generates ? handler(context)
        : throw ApiException.BadRequest($"The model {served.Names[0]} makes embeddings of texts and generates none: POST /v1/embeddings.", "model");

    /// <summary>Who may GET may ask for the headers alone.</summary>
    private static string[] Answers(string method) => method == "GET" ? ["GET", "HEAD"] : [method];

    /// <summary>Everything else: what is allowed, or 405, where the path is known, 404 where it isn't, and 401 before either, unless the path is open to all.</summary>
    public void MapRest(IEndpointRouteBuilder endpoints)
    {
        foreach (IGrouping<string, string> path in _mapped.GroupBy(route => route.Path, route => route.Method))
        {
            string allow = string.Join(", ", path.SelectMany(Answers));
            bool isOpen = path.All(method => RouteDescription.Of(method, path.Key).IsOpen);
            endpoints.Map(path.Key, isOpen ? _gate.Open(Refuse) : _gate.Guard(Refuse));

            Task Refuse(HttpContext context)
            {
                context.Response.Headers.Allow = allow;
                if (!HttpMethods.IsOptions(context.Request.Method)) throw new ApiException(405, $"{context.Request.Method} isn't allowed here; {allow} is.");
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return Task.CompletedTask;
            }
        }

        endpoints.MapFallback(AnyPath, _gate.Guard(_ => throw ApiException.NotFound("Not found: there is no such route.")));
    }

    private RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, (string Method, string Path, RequestDelegate Handler)[] routes)
    {
        RouteGroupBuilder group = endpoints.MapGroup("");
        foreach ((string method, string path, RequestDelegate handler) in routes)
        {
            group.MapMethods(path, Answers(method), handler);
            if (!_mapped.Contains((method, path))) _mapped.Add((method, path));
        }

        return group;
    }
}
