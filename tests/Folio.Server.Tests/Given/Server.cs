using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Folio.Compute.Cpu;
using Folio.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

[assembly: AssemblyFixture(typeof(Folio.Server.Tests.DemoEngine))]

namespace Folio.Server.Tests;

/// <summary>The demo model in one engine for all tests.</summary>
public sealed class DemoEngine : IAsyncDisposable
{
    private readonly CpuBackend _backend = new(threads: 2);

    public DemoEngine()
        : this(new() { MaxNumSeqs = 128, KvCacheMemory = 256 << 20 }) { }

    internal DemoEngine(EngineOptions options) => Engine = LlmEngine.Load(TestData.DemoModel, _backend, options);

    public LlmEngine Engine { get; }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        _backend.Dispose();
    }
}

/// <summary>A server on a free port, and a client that talks to it.</summary>
public sealed class Server : IAsyncDisposable
{
    private Server(WebApplication app, Uri address)
    {
        (App, Address) = (app, address);
        Http = new(new SocketsHttpHandler { MaxResponseDrainSize = 0 }) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) }; // who leaves a stream leaves at once
    }

    public WebApplication App { get; }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public static async Task<Server> StartAsync(LlmEngine engine, ServerOptions? options = null)
    {
        options = (options ?? new()) with { Port = 0 };
        if (options.ServedModelNames.Count == 0) options = options with { ServedModelNames = ["demo", "demo-alias"] };
        WebApplication app = FolioServer.Build(engine, options);
        await FolioServer.StartAsync(app, options);
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new(app, new(address));
    }

    /// <summary>Sends this key from now on.</summary>
    public Server As(string key)
    {
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return this;
    }

    public async Task<Reply> GetAsync(string path) => await ReplyOfAsync(await Http.GetAsync(path), "GET", path);

    public async Task<Reply> DeleteAsync(string path) => await ReplyOfAsync(await Http.DeleteAsync(path), "DELETE", path);

    public Task<Reply> PostAsync(string path, object body) => PostTextAsync(path, body as string ?? JsonSerializer.Serialize(body));

    public async Task<Reply> PostTextAsync(string path, string body, string contentType = "application/json")
    {
        Reply reply = await PostBytesAsync(path, Encoding.UTF8.GetBytes(body), contentType);
        Conformity.CheckRequest("POST", path, body, reply);
        return reply;
    }

    public async Task<Reply> PostBytesAsync(string path, byte[] body, string? contentType = "application/json")
    {
        using var content = new ByteArrayContent(body);
        if (contentType is not null) content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        return await ReplyOfAsync(await Http.PostAsync(path, content), "POST", path);
    }

    public Task<Reply> CompleteAsync(object body) => PostAsync("/v1/completions", body);

    public Task<Reply> ChatAsync(object body) => PostAsync("/v1/chat/completions", body);

    /// <summary>The metric's value, summed over its series.</summary>
    public async Task<double> MetricAsync(string name)
    {
        string page = (await GetAsync("/metrics")).Text;
        return page.Split('\n').Where(line => line.StartsWith(name + "{", StringComparison.Ordinal)).Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..]));
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
    }

    /// <summary>Whatever a test asks for, the answer's form is looked at.</summary>
    private static async Task<Reply> ReplyOfAsync(HttpResponseMessage response, string method, string path)
    {
        var reply = new Reply(response, await response.Content.ReadAsStringAsync());
        Conformity.CheckAnswer(method, path, reply);
        return reply;
    }
}

/// <summary>What came back.</summary>
public sealed class Reply(HttpResponseMessage response, string text)
{
    public int Status => (int)response.StatusCode;

    public HttpResponseMessage Response => response;

    public string Text => text;

    public JsonElement Json { get; } = text.StartsWith('{') ? JsonElement.Parse(text) : default;

    public JsonElement Choice => Json.GetProperty("choices")[0];

    public string Completion => Choice.GetProperty("text").GetString()!;

    public string Content => Choice.GetProperty("message").GetProperty("content").GetString()!;

    public JsonElement Usage => Json.GetProperty("usage");

    /// <summary>Prompt tokens found in the prefix cache.</summary>
    public int Cached => Usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();

    public int Tokens => Usage.GetProperty("completion_tokens").GetInt32();

    /// <summary>The events of a stream, without its [DONE].</summary>
    public IReadOnlyList<JsonElement> Events
    {
        get
        {
            string[] lines = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal("data: [DONE]", lines[^1]);
            Assert.All(lines, line => Assert.StartsWith("data: ", line));
            return [.. lines[..^1].Select(line => JsonElement.Parse(line["data: ".Length..]))];
        }
    }

    public Reply Ok()
    {
        Assert.True(Status == 200, $"{Status}: {text}");
        return this;
    }

    /// <summary>Asserts OpenAI's error body, or that of Anthropic's routes.</summary>
    public Reply Refused(int status, string? parameter = null, string? saying = null)
    {
        if (this.IsOfAnthropics()) return this.RefusedAsAnthropic(status, saying: saying);
        Assert.True(Status == status, $"expected {status}, got {Status}: {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(["error"], Json.EnumerateObject().Select(field => field.Name));
        JsonElement error = Json.GetProperty("error");
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(field => field.Name));
        Assert.Equal(status, error.GetProperty("code").GetInt32());
        if (parameter is not null) Assert.Equal(parameter, error.GetProperty("param").GetString());
        if (saying is not null) Assert.Contains(saying, error.GetProperty("message").GetString());
        return this;
    }
}
