using Folio;
using Folio.Engine;
using Folio.Extensions.AI;
using Folio.Server;
using Microsoft.Extensions.AI;

try
{
    Create(args).Run();
    return 0;
}
catch (FolioException error) // a key isn't known, the model can't be loaded, or an option doesn't fit it
{
    Console.Error.WriteLine(error.Message);
    return 1;
}

static WebApplication Create(string[] args)
{
    WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

    // The model is loaded before the application listens. appsettings.json names it and says how it runs.
    builder.Services.AddFolio(builder.Configuration.GetSection("Folio"));

    // The same engine, without HTTP, for the application's own code.
    builder.Services.AddSingleton<IChatClient>(services => new FolioChatClient(services.GetRequiredService<FolioEngine>().Engine));

    // What the engine refuses is the caller's to mend or to send again, and its sentence says so; what else goes wrong is a 500 that says nothing, and is logged.
    builder.Services.AddProblemDetails(options => options.CustomizeProblemDetails = problem =>
    {
        if (problem.Exception is FolioException error && StatusOf(error) != 500) problem.ProblemDetails.Detail = error.Message;
    });

    WebApplication app = builder.Build();
    app.UseExceptionHandler(new ExceptionHandlerOptions { StatusCodeSelector = StatusOf, SuppressDiagnosticsCallback = failed => StatusOf(failed.Exception) != 500 });

    // Any OpenAI client: base URL http://…/llm/v1.
    app.MapGroup("/llm").MapFolio();

    app.MapGet("/", () => "Stories: /story/dog, or any OpenAI client at /llm/v1.");
    app.MapGet("/story/{hero}", async (string hero, IChatClient client, CancellationToken cancellation) =>
    {
        ChatOptions options = new() { Instructions = "You tell short stories to small children.", MaxOutputTokens = 120, Seed = 1 };
        ChatResponse response = await client.GetResponseAsync($"Tell me a story about a {hero}.", options, cancellation);
        return response.Text;
    });
    return app;
}

static int StatusOf(Exception error) => error switch
{
    RequestException => 400,                                // what is asked can't be served: a prompt too long, say
    QueueFullException => 429,                              // too many wait
    EngineUnavailableException or RoomPinnedException => 503,
    _ => 500,
};
