using System.Collections;
using System.Reflection;

namespace Folio.Testing;

/// <summary>Lets an engine's loop run so many steps and holds it there until it may run more: what runs is then far from its end, however fast or slow the machine.</summary>
/// <remarks>A <see cref="Standstill"/> holds the loop wherever it is just then; this one says where.</remarks>
public sealed class StepGate : IDisposable
{
    /// <summary>The scheduler's methods that begin and end a step.</summary>
    private const string Schedule = "Schedule", ScheduleAhead = "ScheduleAhead", Commit = "Commit";

    private readonly object _lock = new();
    private readonly ICollection _messages;
    private int _left;
    private bool _holds, _isOpen;

    /// <param name="engine">An LlmEngine; this project knows none of Folio's.</param>
    /// <param name="steps">Steps that it may run, not counting turns in which nothing could run.</param>
    public StepGate(object engine, int steps)
    {
        _left = steps;
        object loop = Standstill.FieldOf(engine, "_loop");
        _messages = (ICollection)Standstill.FieldOf(Standstill.FieldOf(engine, "_inbox"), "_messages");
        FieldInfo scheduler = Standstill.FieldNamed(loop, "<scheduler>P");
        foreach (string method in new[] { Schedule, ScheduleAhead, Commit })
        {
            if (!scheduler.FieldType.GetMethods().Any(each => each.Name == method)) throw new MissingMethodException($"{scheduler.FieldType} has no method {method}, by which a gate counts the loop's steps: it has another name now.");
        }

        object gate = DispatchProxy.Create(scheduler.FieldType, typeof(SchedulerProxy));
        ((SchedulerProxy)gate).Target = scheduler.GetValue(loop)!;
        ((SchedulerProxy)gate).Before = Before;
        using (new Standstill(engine)) scheduler.SetValue(loop, gate);
    }

    /// <summary>Whether the loop has run its steps and stands.</summary>
    public bool Holds
    {
        get
        {
            lock (_lock) return _holds;
        }
    }

    /// <summary>Messages that the loop will find, one step after it may go on.</summary>
    public int Posted => _messages.Count;

    /// <summary>Requests among these whose clients have left. Each may have told so twice, or, if it was quick to give its stream up, once.</summary>
    public int Leaving => _messages.Cast<object>().Where(message => Of(message, "Kind").ToString() == "Cancel").Select(message => Of(message, "Group")).Distinct().Count();

    /// <summary>Lets the loop run some more.</summary>
    public void Run(int steps)
    {
        lock (_lock)
        {
            _left += steps;
            _holds = false;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Lets the loop run on for good.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isOpen = true;
            Monitor.PulseAll(_lock);
        }
    }

    private static object Of(object message, string property) => message.GetType().GetProperty(property)!.GetValue(message)!;

    private void Before(string call)
    {
        lock (_lock)
        {
            if (call == Commit) _left--;
            if (call is not (Schedule or ScheduleAhead)) return;
            while (_left <= 0 && !_isOpen)
            {
                _holds = true;
                Monitor.Wait(_lock);
            }

            _holds = false;
        }
    }

    /// <summary>Stands before a loop's scheduler; public and open, for .NET derives from it.</summary>
    public class SchedulerProxy : DispatchProxy
    {
        public object Target { get; set; } = null!;

        public Action<string> Before { get; set; } = null!;

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            Before(targetMethod!.Name);
            return targetMethod.Invoke(Target, BindingFlags.DoNotWrapExceptions, null, args, null);
        }
    }
}
