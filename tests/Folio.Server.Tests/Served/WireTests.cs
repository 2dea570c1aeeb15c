using System.Net;
using System.Net.Sockets;

namespace Folio.Server.Tests;

/// <summary>What HTTP itself asks of a server: methods, headers, connections.</summary>
public sealed class WireTests(DemoEngine demo)
{
    [Fact]
    public async Task Whoever_may_get_may_ask_for_the_headers_alone()
    {
        await using Server server = await Server.StartAsync(demo.Engine, new() { ApiKeys = ["k"] });
        foreach (string path in (string[])["/health", "/health/live", "/health/ready", "/ping", "/"]) Assert.Equal((200, ""), await AskAsync(server, HttpMethod.Head, path));
        Assert.Equal((401, ""), await AskAsync(server, HttpMethod.Head, "/v1/models"));
        server.As("k");
        foreach (string path in (string[])["/v1/models", "/metrics", "/version", "/openapi.json"]) Assert.Equal((200, ""), await AskAsync(server, HttpMethod.Head, path));
        Assert.Equal((405, ""), await AskAsync(server, HttpMethod.Head, "/v1/completions"));
        Assert.Equal((404, ""), await AskAsync(server, HttpMethod.Head, "/nothing"));
    }

    [Fact]
    public async Task A_slash_at_the_end_changes_nothing_and_a_packed_body_is_refused()
    {
        await using Server server = await Server.StartAsync(demo.Engine);
        foreach (string path in (string[])["/health/", "/v1/models/", "/v1/models/demo/"]) (await server.GetAsync(path)).Ok();
        (await server.PostAsync("/v1/completions/", new { prompt = "Once", max_tokens = 1 })).Ok();
        using var packed = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new ByteArrayContent([0x1f, 0x8b]) };
        packed.Content.Headers.ContentType = new("application/json");
        packed.Content.Headers.ContentEncoding.Add("gzip");
        using HttpResponseMessage response = await server.Http.SendAsync(packed);
        new Reply(response, await response.Content.ReadAsStringAsync()).Refused(400, saying: "Content-Encoding");
    }

    [Theory]
    [InlineData("/health", "GET, HEAD"), InlineData("/ping", "GET, HEAD, POST"), InlineData("/v1/completions", "POST"), InlineData("/v1/models/demo", "GET, HEAD")]
    public async Task What_a_path_takes_is_told_to_who_asks_and_with_a_wrong_method(string path, string allow)
    {
        await using Server server = await Server.StartAsync(demo.Engine);
        using HttpResponseMessage options = await server.Http.SendAsync(new(HttpMethod.Options, path));
        Assert.Equal((204, allow), ((int)options.StatusCode, string.Join(", ", options.Content.Headers.Allow)));
        foreach (HttpMethod method in (HttpMethod[])[HttpMethod.Put, HttpMethod.Patch, HttpMethod.Delete, new("BREW")])
        {
            using HttpResponseMessage wrong = await server.Http.SendAsync(new(method, path));
            new Reply(wrong, await wrong.Content.ReadAsStringAsync()).Refused(405, saying: $"{method} isn't allowed here; {allow} is.");
            Assert.Equal(allow, string.Join(", ", wrong.Content.Headers.Allow));
        }
    }

    [Fact]
    public async Task A_path_that_is_open_needs_no_key_for_a_wrong_method_either()
    {
        await using Server server = await Server.StartAsync(demo.Engine, new() { ApiKeys = ["k"] });
        Assert.Equal(405, (await AskAsync(server, HttpMethod.Put, "/health")).Status);
        Assert.Equal(204, (await AskAsync(server, HttpMethod.Options, "/health")).Status);
        Assert.Equal(401, (await AskAsync(server, HttpMethod.Options, "/v1/completions")).Status);
    }

    [Theory]
    [InlineData(null, null), InlineData("client-7", null), InlineData("client-7", "body-7"), InlineData("with space", null)]
    public async Task Every_answer_is_named_and_by_the_clients_own_name_where_it_has_one(string? header, string? field)
    {
        await using Server server = await Server.StartAsync(demo.Engine);
        if (header is not null) server.Http.DefaultRequestHeaders.TryAddWithoutValidation("X-Request-Id", header);
        Reply answer = (await server.CompleteAsync(field is null ? new { prompt = "Once", max_tokens = 1 } : new { prompt = "Once", max_tokens = 1, request_id = field })).Ok();
        string name = answer.Response.Headers.GetValues("X-Request-Id").Single();
        Assert.Equal($"cmpl-{name}", answer.Json.GetProperty("id").GetString());
        if ((field ?? header) is "client-7" or "body-7") Assert.Equal(field ?? header, name);
        else Assert.Matches("^[0-9a-f]{16}$", name);
        foreach (string path in (string[])["/health", "/nothing"]) Assert.Single((await server.GetAsync(path)).Response.Headers.GetValues("X-Request-Id"));
    }

    [Theory]
    [InlineData("/v1/completions", """{"prompt":"Once","max_tokens":1,"request_id":"a\nb"}"""), InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"x"}],"max_tokens":1,"request_id":"a b"}""")]
    [InlineData("/v1/embeddings", """{"input":"Once","request_id":"\u001b[2J"}""")]
    public async Task A_name_that_could_forge_a_line_of_a_log_is_refused(string path, string body)
    {
        await using Server server = await Server.StartAsync(demo.Engine);
        (await server.PostAsync(path, body)).Refused(400, "request_id", "visible ASCII");
    }

    [Fact]
    public async Task Connections_beyond_the_limit_are_closed_and_those_inside_notice_nothing()
    {
        await using Server server = await Server.StartAsync(demo.Engine, new() { MaxConnections = 3 });
        (await server.GetAsync("/health")).Ok(); // keeps the first
        using TcpClient second = await ConnectAsync(server), third = await ConnectAsync(server);
        using TcpClient fourth = await ConnectAsync(server);
        Assert.Equal(0, await ReadAsync(fourth));
        (await server.CompleteAsync(new { prompt = "Once", max_tokens = 2 })).Ok();

        second.Dispose();
        await Eventually.TrueAsync(async () =>
        {
            using TcpClient next = await ConnectAsync(server);
            await next.GetStream().WriteAsync("GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"u8.ToArray());
            return await ReadAsync(next) > 0;
        });
    }

    private static async Task<(int Status, string Body)> AskAsync(Server server, HttpMethod method, string path)
    {
        using HttpResponseMessage response = await server.Http.SendAsync(new(method, path));
        return ((int)response.StatusCode, method == HttpMethod.Head ? await response.Content.ReadAsStringAsync() : "");
    }

    private static async Task<TcpClient> ConnectAsync(Server server)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        return client;
    }

    /// <returns>0: it was closed.</returns>
    private static async Task<int> ReadAsync(TcpClient client)
    {
        try
        {
            return await client.GetStream().ReadAsync(new byte[16]).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
