using Folio.Engine;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>The events of a streamed message, in Anthropic's order: its start, each block's start, deltas and stop, what ended it, its stop. A ping behind the first block's start.</summary>
internal sealed class MessagesStream(MessagesAnswer answer)
{
    private bool _opened, _pinged;

    public async Task SendAsync(EventStream events, Generation generation, CancellationToken cancellation)
    {
        await foreach ((_, GenerationOutput output) in generation.Outputs(cancellation))
        {
            if (!_opened) await events.SendAsync(new(MessageStart.Name, answer.Message([], generation.CachedTokens)), MessagesJson.Default.MessageStart, MessageStart.Name);
            _opened = true;
            foreach (BlockEvent each in answer.Read(output))
            {
                await events.SendAsync(each, MessagesJson.Default.BlockEvent, each.Name);
                if (!_pinged) await SendAsync(events, "ping");
                _pinged = true;
            }
        }

        var end = new MessageDeltaEvent(MessageDeltaEvent.Name, answer.End, answer.Usage(generation.CachedTokens));
        await events.SendAsync(end, MessagesJson.Default.MessageDeltaEvent, MessageDeltaEvent.Name);
        await SendAsync(events, "message_stop");
    }

    /// <summary>An error after the stream has begun.</summary>
    public static ValueTask FailAsync(EventStream events, HttpContext context, ErrorBody error) =>
        events.SendAsync(AnthropicError.Of(context, error), MessagesJson.Default.AnthropicError, "error");

    private static ValueTask SendAsync(EventStream events, string name) => events.SendAsync(new(name), MessagesJson.Default.BareEvent, name);
}
