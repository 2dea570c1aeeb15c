using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Folio.Server.Tests;

/// <summary>What browsers, strangers and idle connections get.</summary>
public sealed class SecurityTests(DemoEngine demo)
{
    [Theory]
    [InlineData("0.0.0.0", false, false, false)]
    [InlineData("::", false, false, false)]
    [InlineData("0.0.0.0", true, false, true)]
    [InlineData("0.0.0.0", false, true, true)]
    [InlineData("127.0.0.1", false, false, true)]
    [InlineData("[::1]", false, false, true)]
    [InlineData("localhost", false, false, true)]
    public void Without_a_key_nobody_else_is_let_in_unless_that_is_said(string host, bool key, bool insecure, bool allowed)
    {
        var options = new ServerOptions { Host = host, ApiKeys = key ? ["secret"] : [], Insecure = insecure };
        if (allowed) FolioServer.Check(options);
        else Assert.Contains("--insecure", Assert.Throws<FolioException>(() => FolioServer.Build(demo.Engine, options)).Message);
    }

    [Fact]
    public async Task Every_answer_tells_browsers_and_caches_to_keep_out()
    {
        await using Server server = await Server.StartAsync(demo.Engine);
        Reply[] replies =
        [
            await server.GetAsync("/"), await server.GetAsync("/page/app.js"), await server.GetAsync("/health"), await server.GetAsync("/v1/models"), await server.GetAsync("/nothing"), await server.GetAsync("/metrics"), await server.CompleteAsync("{"),
            await server.CompleteAsync(new { prompt = "Once", max_tokens = 1 }), await server.CompleteAsync(new { prompt = "Once", max_tokens = 1, stream = true }),
        ];
        foreach (Reply reply in replies)
        {
            Assert.Equal("nosniff", reply.Response.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("DENY", reply.Response.Headers.GetValues("X-Frame-Options").Single());
            Assert.Contains("default-src 'none'", reply.Response.Headers.GetValues("Content-Security-Policy").Single());
            Assert.True(reply.Response.Headers.CacheControl!.NoStore);
            Assert.Empty(reply.Response.Headers.Server);
        }
    }

    [Fact]
    public async Task A_page_from_elsewhere_can_neither_ask_nor_read_unless_its_origin_is_allowed()
    {
        const string friend = "https://chat.example", stranger = "https://evil.example";
        await using Server closed = await Server.StartAsync(demo.Engine), open = await Server.StartAsync(demo.Engine, new() { AllowedOrigins = [friend] });
        foreach ((Server server, string origin, int status) in new[] { (closed, stranger, 403), (closed, friend, 403), (closed, "null", 403), (open, stranger, 403), (open, friend, 200), (closed, closed.Address.GetLeftPart(UriPartial.Authority), 200) })
        {
            using HttpResponseMessage answer = await AskAsync(server, HttpMethod.Post, origin);
            Assert.True((int)answer.StatusCode == status, $"{origin}: {answer.StatusCode}");
            Assert.Equal(server == open && origin == friend ? [friend] : [], answer.Headers.TryGetValues("Access-Control-Allow-Origin", out IEnumerable<string>? allowed) ? allowed : []);
        }

        using HttpResponseMessage preflight = await AskAsync(open, HttpMethod.Options, friend), refused = await AskAsync(open, HttpMethod.Options, stranger), off = await AskAsync(closed, HttpMethod.Options, friend);
        Assert.Equal(204, (int)preflight.StatusCode);
        Assert.Equal([friend], preflight.Headers.GetValues("Access-Control-Allow-Origin"));
        Assert.False(refused.Headers.Contains("Access-Control-Allow-Origin") || off.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task With_a_key_an_allowed_page_is_asked_about_first_without_one()
    {
        await using Server server = await Server.StartAsync(demo.Engine, new() { AllowedOrigins = ["*"], ApiKeys = ["secret"] });
        using HttpResponseMessage preflight = await AskAsync(server, HttpMethod.Options, "https://chat.example"), keyless = await AskAsync(server, HttpMethod.Post, "https://chat.example");
        Assert.Equal(204, (int)preflight.StatusCode);
        Assert.Equal(401, (int)keyless.StatusCode);
        server.As("secret");
        using HttpResponseMessage answer = await AskAsync(server, HttpMethod.Post, "https://chat.example");
        Assert.Equal(200, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Connections_that_never_finish_their_headers_are_closed()
    {
        const int connections = 300;
        await using Server server = await Server.StartAsync(demo.Engine, new() { HeaderTimeout = TimeSpan.FromSeconds(1) });
        var sockets = new TcpClient[connections];
        try
        {
            for (int i = 0; i < connections; i++)
            {
                sockets[i] = new TcpClient();
                await sockets[i].ConnectAsync(IPAddress.Loopback, server.Address.Port);
                await sockets[i].GetStream().WriteAsync("POST /v1/completions HTTP/1.1\r\nHost: a\r\nX-Half:"u8.ToArray());
            }

            (await server.GetAsync("/health")).Ok();
            await Task.WhenAll(sockets.Select(ReadToEndAsync)).WaitAsync(TimeSpan.FromSeconds(20));
        }
        finally
        {
            foreach (TcpClient socket in sockets) socket?.Dispose();
        }
    }

    [Fact]
    public async Task Requests_with_endless_lines_or_headers_are_cut_off()
    {
        await using Server server = await Server.StartAsync(demo.Engine);
        foreach (string head in new[] { $"GET /{new string('a', 20_000)} HTTP/1.1\r\nHost: a\r\n\r\n", $"GET /health HTTP/1.1\r\nHost: a\r\nX: {new string('a', 70_000)}\r\n\r\n" })
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port);
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
            Assert.Matches("^HTTP/1.1 4(14|31) ", await ReadToEndAsync(socket));
        }

        (await server.GetAsync("/health")).Ok();
    }

    private static async Task<HttpResponseMessage> AskAsync(Server server, HttpMethod method, string origin)
    {
        using var request = new HttpRequestMessage(method, "/detokenize");
        if (method == HttpMethod.Post) request.Content = new StringContent("""{"tokens":[5]}""", null, "application/json");
        request.Headers.Add("Origin", origin);
        if (method == HttpMethod.Options)
        {
            request.Headers.Add("Access-Control-Request-Method", "POST");
            request.Headers.Add("Access-Control-Request-Headers", "authorization, content-type");
        }

        return await server.Http.SendAsync(request);
    }

    private static async Task<string> ReadToEndAsync(TcpClient socket)
    {
        using var reader = new StreamReader(socket.GetStream());
        try
        {
            return await reader.ReadToEndAsync();
        }
        catch (IOException)
        {
            return ""; // reset: closed too
        }
    }
}
