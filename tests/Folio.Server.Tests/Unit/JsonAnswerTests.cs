using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Folio.Server.Tests;

public sealed class JsonAnswerTests
{
    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task A_large_answer_is_sent_while_it_is_written(bool asBase64)
    {
        const int texts = 200;
        var sent = new Sent();
        var context = new DefaultHttpContext { Response = { Body = sent } };
        float[] vector = [.. Enumerable.Range(0, 1024).Select(i => i / 1024f)];
        var answer = new EmbeddingResponse("a+ä", "list", 1, "demo", [.. Enumerable.Range(0, texts).Select(i => new EmbeddingItem(i, "embedding", new(vector, asBase64)))], Usage.Of(1, 0, 0));
        await JsonAnswer.WriteAsync(context, answer, WireJson.Default.EmbeddingResponse);
        Assert.True(sent.Most < 100_000 && sent.Length > 1_000_000, $"{sent.Most} bytes at once of {sent.Length}");
        var read = JsonElement.Parse(sent.ToArray());
        Assert.Equal(("a+ä", texts), (read.GetProperty("id").GetString(), read.GetProperty("data").GetArrayLength()));
        Assert.Contains("a+ä", System.Text.Encoding.UTF8.GetString(sent.ToArray().AsSpan(0, 100)));
    }

    /// <summary>A connection that knows how much came between two flushes.</summary>
    private sealed class Sent : MemoryStream
    {
        private long _flushed;

        public long Most { get; private set; }

        public override Task FlushAsync(CancellationToken cancellationToken)
        {
            (Most, _flushed) = (Math.Max(Most, Length - _flushed), Length);
            return Task.CompletedTask;
        }
    }
}
