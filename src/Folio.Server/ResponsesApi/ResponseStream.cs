using Folio.Engine;

namespace Folio.Server;

/// <summary>The events of a streamed response, in OpenAI's order: created and in progress with the first token, the items as they are written, and how it ended. Behind that comes [DONE], which OpenAI's own clients stop at.</summary>
/// <param name="answer">What is told.</param>
/// <param name="interval">Tokens that are told at once (<see cref="OutputPacer"/>).</param>
/// <param name="keep">Stores the response: before its end is told, for the client may build on it at once.</param>
internal sealed class ResponseStream(ResponseAnswer answer, int interval, Action<ResponseObject> keep)
{
    private int _sent;

    public async Task SendAsync(EventStream events, Generation generation, CancellationToken cancellation)
    {
        await foreach ((_, GenerationOutput output) in OutputPacer.Pace(generation.Outputs(cancellation), interval))
        {
            if (_sent == 0)
            {
                await SendAsync(events, new("response.created") { Response = answer.Begun });
                await SendAsync(events, new("response.in_progress") { Response = answer.Begun });
            }

            foreach (ResponseEvent each in answer.Read(output)) await SendAsync(events, each);
        }

        ResponseObject response = answer.Finish(generation);
        keep(response);
        await SendAsync(events, new($"response.{response.Status}") { Response = response });
    }

    public ValueTask FailAsync(EventStream events, ErrorBody error) => SendAsync(events, new("response.failed") { Response = answer.Fail(error.Error) });

    private ValueTask SendAsync(EventStream events, ResponseEvent each) => events.SendAsync(each with { SequenceNumber = _sent++ }, ResponseJson.Default.ResponseEvent, each.Type);
}
