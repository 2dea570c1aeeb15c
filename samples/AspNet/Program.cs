using Folio.Extensions.AI;
using Folio.Server;
using Microsoft.Extensions.AI;

WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

// The model is loaded before the application listens. appsettings.json names it and says how it runs.
builder.Services.AddFolio(builder.Configuration.GetSection("Folio"));

// The same engine, without HTTP, for the application's own code.
builder.Services.AddSingleton<IChatClient>(services => new FolioChatClient(services.GetRequiredService<FolioEngine>().Engine));

WebApplication app = builder.Build();

// Any OpenAI client: base URL http://…/llm/v1.
app.MapGroup("/llm").MapFolio();

app.MapGet("/", () => "Stories: /story/dog, or any OpenAI client at /llm/v1.");
app.MapGet("/story/{hero}", async (string hero, IChatClient client, CancellationToken cancellation) =>
{
    ChatOptions options = new() { Instructions = "You tell short stories to small children.", MaxOutputTokens = 120, Seed = 1 };
    ChatResponse response = await client.GetResponseAsync($"Tell me a story about a {hero}.", options, cancellation);
    return response.Text;
});

app.Run();
